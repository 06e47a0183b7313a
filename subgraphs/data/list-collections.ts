import { requireReader } from '../access.ts'
import { type Connection, type PageArguments, readConnection } from '../connection.ts'
import { collectionColumns, type StoredCollection } from './collection.ts'
import type { DataContext } from './context.ts'
import { collectionsInSight } from './record-access.ts'

/** The client's collections by name. @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT, CURSOR_INVALID */
export async function listCollections(
  { db, cursors, viewer }: DataContext,
  page: PageArguments,
): Promise<Connection<StoredCollection>> {
  const { client } = requireReader(viewer, 'records:read')
  const access = [...collectionsInSight(viewer)]
  return readConnection<StoredCollection>(
    cursors,
    {
      place: { client, list: `collections:${access.join()}` },
      position: ({ name }) => [name],
      read: (after, limit) => db.$queryRaw<StoredCollection[]>`
        SELECT ${collectionColumns} FROM "collection"
        WHERE "client" = ${client} AND "access"::text = ANY(${access}) AND "name" COLLATE "C" > ${String(after?.[0] ?? '')}
        ORDER BY "name" COLLATE "C" LIMIT ${limit}`,
      count: () => db.collection.count({ where: { client, access: { in: access } } }),
    },
    page,
  )
}
