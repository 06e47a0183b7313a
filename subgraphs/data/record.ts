import { Prisma } from '../../prisma/generated/data/client.ts'
import { badInput, isJsonObject, type JsonObject, toJsonValue } from '../json-value.ts'
import type { FilterableRecord } from './filter/record-path.ts'

/** A record as it is, or as it was at some version; the parent of the type `Record`. */
export type StoredRecord = {
  id: string
  client: string
  collection: string
  data: JsonObject
  version: number
  createdBy: string | null
  createdAt: Date
  updatedAt: Date
}

/** The columns of the table `record` under the names of `StoredRecord`. */
export const recordColumns = Prisma.sql`"record"."id", "record"."client", "record"."collection", "record"."data",
  "record"."version", "record"."created_by" AS "createdBy", "record"."created_at" AS "createdAt",
  "record"."updated_at" AS "updatedAt"`

/** Joins the table `collection` to the table `record`. */
export const isCollectionOfRecord = Prisma.sql`"collection"."client" = "record"."client"
  AND "collection"."name" = "record"."collection"`

const idFormat = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a record can have this id; the database is not asked for others, and never meets text that it cannot hold. */
export function isRecordId(id: string): boolean {
  return idFormat.test(id)
}

const maxDataBytes = 256 * 1024

/** @throws {TrellisError} BAD_USER_INPUT unless it is a JSON object within the bounds of a record */
export function toRecordData(input: unknown, what: string): JsonObject {
  const data = toJsonValue(input, { what, maxBytes: maxDataBytes })
  if (!isJsonObject(data)) throw badInput(`${what} is a JSON object.`)
  return data
}

export function asFilterable(record: StoredRecord): FilterableRecord {
  return {
    data: record.data,
    createdBy: record.createdBy,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  }
}
