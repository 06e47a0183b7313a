import { actorOf } from '../../foundation/viewer.ts'
import type { CollectionAccess } from '../../prisma/generated/data/client.ts'
import { requireAdmin } from '../access.ts'
import { badInput, toJsonValue } from '../json-value.ts'
import { collectionColumns, isCollectionName, type StoredCollection } from './collection.ts'
import type { DataContext } from './context.ts'
import { compileRecordSchema } from './validation/compile-record-schema.ts'

export type DefineCollectionInput = { name: string; schema: unknown; access?: CollectionAccess | null }

const maxSchemaBytes = 64 * 1024

/** Makes the collection or redefines it, with its event. @throws {TrellisError} FORBIDDEN; BAD_USER_INPUT for a name or schema that cannot be used */
export async function defineCollection(
  { events, viewer, traceparent }: DataContext,
  { name, schema: input, access }: DefineCollectionInput,
): Promise<StoredCollection> {
  const { client } = requireAdmin(viewer)
  if (!isCollectionName(name)) {
    throw badInput('A collection is named with a letter, then letters, digits, `_` and `-`; 64 at most.')
  }
  const schema = toJsonValue(input, { what: 'The schema', maxBytes: maxSchemaBytes })
  compileRecordSchema(schema)
  return events.transaction(async (tx, append) => {
    const [collection] = await tx.$queryRaw<StoredCollection[]>`
      INSERT INTO "collection" ("client", "name", "schema", "access")
      VALUES (${client}, ${name}, ${JSON.stringify(schema)}::jsonb, ${access ?? 'OWN'}::"collection_access")
      ON CONFLICT ("client", "name") DO UPDATE SET
        "schema" = EXCLUDED."schema", "access" = EXCLUDED."access", "revision" = "collection"."revision" + 1
      RETURNING ${collectionColumns}`
    if (!collection) throw new Error('A collection that was defined is not there.')
    await append({
      type: 'data.collection.defined',
      subject: name,
      client,
      actor: actorOf(viewer),
      traceparent,
      data: { collection: name, access: collection.access, revision: collection.revision },
    })
    return collection
  })
}
