import { LRUCache } from 'lru-cache'
import type { StoredCollection } from '../collection.ts'
import { compileRecordSchema, type ValidateRecord } from './compile-record-schema.ts'

/** The compiled schema of a collection, as it is defined now. */
export type RecordSchemas = (collection: StoredCollection) => ValidateRecord

const keptSchemas = 500

/** Compiled schemas by client, collection and revision: another definition is another key. */
export function createRecordSchemas(): RecordSchemas {
  const compiled = new LRUCache<string, ValidateRecord>({ max: keptSchemas })
  return (collection) => {
    const key = `${collection.client}:${collection.name}:${collection.revision}`
    const known = compiled.get(key)
    if (known) return known
    const validate = compileRecordSchema(collection.schema)
    compiled.set(key, validate)
    return validate
  }
}
