import { randomUUID } from 'node:crypto'
import type { Append } from '../../events/log/module-log.ts'
import type { Prisma } from '../../prisma/generated/data/client.ts'
import { requireMember } from '../access.ts'
import { idempotently } from '../idempotency.ts'
import type { JsonObject } from '../json-value.ts'
import type { StoredCollection } from './collection.ts'
import type { DataContext } from './context.ts'
import { type StoredRecord, toRecordData } from './record.ts'
import { writeRecordEvent } from './record-events.ts'
import { requireCollection } from './require-collection.ts'
import { requireValidRecord } from './validation/require-valid-record.ts'

export type CreateRecordInput = { collection: string; data: unknown; idempotencyKey?: string | null }

/**
 * Adds a record. A repetition with the same idempotency key gets the record as it was created, whatever became of it.
 *
 * @throws {TrellisError} FORBIDDEN, NOT_FOUND (the collection), BAD_USER_INPUT, VALIDATION_FAILED, IDEMPOTENCY_CONFLICT
 */
export async function createRecord(context: DataContext, input: CreateRecordInput): Promise<StoredRecord> {
  const viewer = requireMember(context.viewer, 'records:write')
  const collection = await requireCollection(context, input.collection)
  const data = toRecordData(input.data, 'The record')
  const operation = {
    viewer,
    key: input.idempotencyKey,
    name: 'createRecord',
    input: { collection: collection.name, data },
  }
  return context.events.transaction(async (tx, append) => {
    let created: StoredRecord | undefined
    const id = await idempotently(tx, operation, async () => {
      requireValidRecord(context.schemas(collection), data)
      created = await insertRecord({ tx, append }, context, { collection, data })
      return created.id
    })
    return created ?? recordAsCreated(tx, id)
  })
}

async function insertRecord(
  transaction: { tx: Prisma.TransactionClient; append: Append },
  context: DataContext,
  { collection, data }: { collection: StoredCollection; data: JsonObject },
): Promise<StoredRecord> {
  const { viewer } = context
  const at = new Date()
  const record: StoredRecord = {
    id: randomUUID(),
    client: collection.client,
    collection: collection.name,
    data,
    version: 1,
    createdBy: viewer.kind === 'USER' ? viewer.userId : null,
    createdAt: at,
    updatedAt: at,
  }
  await transaction.tx.record.create({ data: record })
  await writeRecordEvent(transaction, context, {
    transition: { type: 'CREATED', before: null, after: record },
    at,
  })
  return record
}

async function recordAsCreated(tx: Prisma.TransactionClient, id: string): Promise<StoredRecord> {
  const [record] = await tx.$queryRaw<StoredRecord[]>`
    SELECT "record_id" AS "id", "client", "collection", "data", "version",
      CASE WHEN "actor" LIKE 'user:%' THEN substr("actor", 6) END AS "createdBy",
      "at" AS "createdAt", "at" AS "updatedAt"
    FROM "record_event" WHERE "record_id" = ${id} AND "version" = 1`
  if (!record) throw new Error('A record that was created has no history.')
  return record
}
