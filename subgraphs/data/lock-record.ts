import { TrellisError } from '../../foundation/errors.ts'
import type { ClientViewer } from '../../foundation/viewer.ts'
import type { Prisma } from '../../prisma/generated/data/client.ts'
import { collectionColumns, type StoredCollection } from './collection.ts'
import { isRecordId, recordColumns, type StoredRecord } from './record.ts'
import { mayReadRecord, requireWritable } from './record-access.ts'

export type RecordVersion = { id: string; expectedVersion: number }

/**
 * The record that the caller wants to change and may, locked until the transaction ends: its writers come one after
 * the other.
 *
 * @throws {TrellisError} NOT_FOUND also for what the viewer may not read; FORBIDDEN; CONFLICT when it has another
 *   version, with `extensions.current { version, data }`
 */
export async function lockRecord(
  tx: Prisma.TransactionClient,
  viewer: ClientViewer,
  { id, expectedVersion }: RecordVersion,
): Promise<{ record: StoredRecord; collection: StoredCollection }> {
  const record = isRecordId(id) ? await selectForUpdate(tx, viewer.client, id) : undefined
  const collection = record && (await selectCollection(tx, record))
  if (!record || !collection || !mayReadRecord(viewer, collection.access, record)) {
    throw new TrellisError('NOT_FOUND', 'There is no such record.')
  }
  requireWritable(viewer, collection.access, record)
  if (record.version !== expectedVersion) {
    const current = { version: record.version, data: record.data }
    throw new TrellisError('CONFLICT', `The record has version ${record.version} by now.`, {
      extensions: { current },
    })
  }
  return { record, collection }
}

async function selectForUpdate(
  tx: Prisma.TransactionClient,
  client: string,
  id: string,
): Promise<StoredRecord | undefined> {
  const [record] = await tx.$queryRaw<StoredRecord[]>`
    SELECT ${recordColumns} FROM "record" WHERE "id" = ${id} AND "client" = ${client} FOR UPDATE`
  return record
}

async function selectCollection(
  tx: Prisma.TransactionClient,
  { client, collection }: StoredRecord,
): Promise<StoredCollection | undefined> {
  const [row] = await tx.$queryRaw<StoredCollection[]>`
    SELECT ${collectionColumns} FROM "collection" WHERE "client" = ${client} AND "name" = ${collection}`
  return row
}

/** The time of a change. Never before the last one, whatever the clocks of the instances say: history goes forward. */
export function timeOfChange({ updatedAt }: StoredRecord): Date {
  return new Date(Math.max(Date.now(), updatedAt.getTime()))
}
