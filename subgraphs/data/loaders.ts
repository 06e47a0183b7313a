import DataLoader from 'dataloader'
import type { ClientViewer } from '../../foundation/viewer.ts'
import type { CollectionAccess, PrismaClient } from '../../prisma/generated/data/client.ts'
import { collectionColumns, isCollectionName, type StoredCollection } from './collection.ts'
import { isCollectionOfRecord, isRecordId, recordColumns, type StoredRecord } from './record.ts'
import { collectionsInSight, mayReadRecord } from './record-access.ts'
import { createHistoryLoaders, type HistoryLoaders } from './record-history-loaders.ts'

/** Batched reads of one operation, of what its viewer may see; they answer null for all else. */
export type DataLoaders = HistoryLoaders & {
  /** By name. */
  collections: DataLoader<string, StoredCollection | null>
  /** By id. */
  records: DataLoader<string, StoredRecord | null>
}

export function createDataLoaders(db: PrismaClient, viewer: ClientViewer): DataLoaders {
  return {
    collections: new DataLoader((names) => loadCollections(db, viewer, names)),
    records: new DataLoader((ids) => loadRecords(db, viewer, ids)),
    ...createHistoryLoaders(db, viewer.client),
  }
}

async function loadCollections(
  db: PrismaClient,
  viewer: ClientViewer,
  names: readonly string[],
): Promise<(StoredCollection | null)[]> {
  const wanted = names.filter(isCollectionName)
  const rows =
    wanted.length === 0
      ? []
      : await db.$queryRaw<StoredCollection[]>`
          SELECT ${collectionColumns} FROM "collection" WHERE "client" = ${viewer.client} AND "name" = ANY(${wanted}::text[])`
  const inSight = collectionsInSight(viewer)
  const byName = new Map(rows.filter(({ access }) => inSight.includes(access)).map((row) => [row.name, row]))
  return names.map((name) => byName.get(name) ?? null)
}

type RecordWithAccess = StoredRecord & { access: CollectionAccess }

async function loadRecords(
  db: PrismaClient,
  viewer: ClientViewer,
  ids: readonly string[],
): Promise<(StoredRecord | null)[]> {
  const wanted = ids.filter(isRecordId)
  const rows =
    wanted.length === 0
      ? []
      : await db.$queryRaw<RecordWithAccess[]>`
          SELECT ${recordColumns}, "collection"."access"
          FROM "record" JOIN "collection" ON ${isCollectionOfRecord}
          WHERE "record"."client" = ${viewer.client} AND "record"."id" = ANY(${wanted}::text[])`
  const readable = new Map(
    rows.filter((row) => mayReadRecord(viewer, row.access, row)).map((row) => [row.id, row]),
  )
  return ids.map((id) => readable.get(id) ?? null)
}
