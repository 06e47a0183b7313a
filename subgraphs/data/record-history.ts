import { type Connection, type PageArguments, readConnection } from '../connection.ts'
import type { DataContext } from './context.ts'
import type { StoredRecord } from './record.ts'
import type { StoredRecordEvent } from './record-history-loaders.ts'

/** What happened to a record that the viewer may read, oldest first. @throws {TrellisError} BAD_USER_INPUT, CURSOR_INVALID */
export function recordHistory(
  { cursors, loaders }: DataContext,
  { id: recordId, client }: StoredRecord,
  page: PageArguments,
): Promise<Connection<StoredRecordEvent>> {
  return readConnection<StoredRecordEvent>(
    cursors,
    {
      place: { client, list: `history:${recordId}` },
      position: ({ version }) => [version],
      read: (after, limit) =>
        loaders.historyPages.load({ recordId, afterVersion: Number(after?.[0] ?? 0), limit }),
      count: () => loaders.historyCounts.load(recordId),
    },
    page,
  )
}

/** The record as it was at a moment; null when it was not, or no more. */
export async function recordAsOf(
  { loaders }: DataContext,
  record: StoredRecord,
  at: Date,
): Promise<StoredRecord | null> {
  // Also keeps years from the database that it does not know.
  if (at < record.createdAt) return null
  const event = await loaders.lastEvents.load({ recordId: record.id, at })
  if (!event || event.type === 'DELETED') return null
  return { ...record, data: event.data, version: event.version, updatedAt: event.at }
}
