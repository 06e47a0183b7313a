import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { LogEntry, LogStream } from '../../events/log/log-stream.ts'
import type { ClientViewer } from '../../foundation/viewer.ts'
import type { CollectionAccess, RecordEventType } from '../../prisma/generated/data/client.ts'
import { requireReader } from '../access.ts'
import { followLog } from '../follow-log.ts'
import type { DataContext } from './context.ts'
import { matchesFilter } from './filter/matches-filter.ts'
import { type Filter, parseFilter } from './filter/parse-filter.ts'
import { asFilterable, type StoredRecord } from './record.ts'
import { mayReadRecord } from './record-access.ts'
import { recordEventTypes, transitionOf } from './record-events.ts'
import { requireCollection } from './require-collection.ts'

/** The parent of the type `RecordChange`. */
export type RecordChange = {
  cursor: string
  lagged: number
  type: RecordEventType
  version: number
  record: StoredRecord
}

export type RecordChangedInput = { collection: string; filter?: unknown; after?: string | null }

/**
 * Changes of a collection's records, history first where a cursor is given. Whether the viewer may read a record is
 * asked anew for each of its changes.
 *
 * @throws {TrellisError} FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
 */
export async function recordChanged(
  context: DataContext,
  input: RecordChangedInput,
): Promise<AsyncGenerator<{ recordChanged: RecordChange }>> {
  const { client } = requireReader(context.viewer, 'records:read')
  const filter = parseFilter(input.filter)
  const { name } = await requireCollection(context, input.collection)
  const stream: LogStream = {
    name: `recordChanged:${name}`,
    client,
    types: Object.values(recordEventTypes),
    passes: createPassing(context, { collection: name, filter }),
  }
  return changesOf(await followLog(context.events, { stream, after: input.after ?? null }, context))
}

/** What of the log a subscriber is given: changes that touch the filter, of records that it may read at this moment. */
function createPassing(
  { db, viewer }: DataContext,
  { collection, filter }: { collection: string; filter: Filter },
): (event: PlatformEvent) => Promise<boolean> {
  const readAccess = createAccessReader(db, { client: viewer.client, name: collection })
  return async (event) => {
    const { before, after } = transitionOf(event)
    const states = [before, after].filter((state) => state !== null)
    const touched = states.some(
      (state) => state.collection === collection && matchesFilter(filter, asFilterable(state)),
    )
    const record = after ?? before
    return touched && record !== null && mayReadNow(viewer, record, readAccess)
  }
}

async function* changesOf(
  entries: AsyncGenerator<LogEntry>,
): AsyncGenerator<{ recordChanged: RecordChange }> {
  for await (const { cursor, lagged, event } of entries) {
    const transition = transitionOf(event)
    const record = transition.after ?? transition.before
    const version = transition.before ? transition.before.version + 1 : 1
    yield { recordChanged: { cursor, lagged, type: transition.type, version, record } }
  }
}

async function mayReadNow(
  viewer: ClientViewer,
  record: StoredRecord,
  readAccess: () => Promise<CollectionAccess>,
): Promise<boolean> {
  // Under the strictest rule, as mostly, nothing has to be looked up.
  return mayReadRecord(viewer, 'OWN', record) || mayReadRecord(viewer, await readAccess(), record)
}

const accessHoldsMs = 1_000

/** The collection's access rule, at most a second old: a subscription lasts for hours, and the rule may change meanwhile. */
function createAccessReader(
  db: DataContext['db'],
  { client, name }: { client: string; name: string },
): () => Promise<CollectionAccess> {
  let read: { access: CollectionAccess; at: number } | undefined
  return async () => {
    if (!read || Date.now() - read.at > accessHoldsMs) {
      const where = { client_name: { client, name } }
      const { access } = await db.collection.findUniqueOrThrow({ where, select: { access: true } })
      read = { access, at: Date.now() }
    }
    return read.access
  }
}
