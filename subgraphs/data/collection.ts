import { type CollectionAccess, Prisma } from '../../prisma/generated/data/client.ts'
import type { JsonValue } from '../json-value.ts'

/** A collection as it is defined now; the parent of the type `Collection`. */
export type StoredCollection = {
  client: string
  name: string
  schema: JsonValue
  access: CollectionAccess
  revision: number
  createdAt: Date
}

export const collectionColumns = Prisma.sql`"collection"."client", "collection"."name", "collection"."schema",
  "collection"."access", "collection"."revision", "collection"."created_at" AS "createdAt"`

const nameFormat = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

export function isCollectionName(name: string): boolean {
  return nameFormat.test(name)
}
