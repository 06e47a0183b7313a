import type { LogEntry, LogStream } from '../../events/log-stream.ts'
import type { ClientViewer } from '../../foundation/viewer.ts'
import type { CollectionAccess, RecordEventType } from '../../prisma/generated/data/client.ts'
import { requireMember } from '../access.ts'

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
 * @throws {TrellisError} FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, CURSOR_INVALID, CURSOR_EXPIRED, before the first change
 */
export async function recordChanged(
  context: DataContext,
  input: RecordChangedInput,
): Promise<AsyncGenerator<{ recordChanged: RecordChange }>> {
  const { client } = requireMember(context.viewer)
  const filter = parseFilter(input.filter)
  const { name } = await requireCollection(context, input.collection)
  const stream: LogStream = {
    name: `recordChanged:${name}`,
    client,
    types: Object.values(recordEventTypes),
  }
  const after = input.after ?? null
  // A cursor that is no good is an answer to the subscriber, not a stream that breaks.
  if (after !== null) await context.events.read(stream, after, 1)
  const entries = context.events.tail(stream, after, context.signal)
  return changesAmong(entries, context, { collection: name, filter })
}

async function* changesAmong(
  entries: AsyncGenerator<LogEntry>,
  context: DataContext,
  { collection, filter }: { collection: string; filter: Filter },
): AsyncGenerator<{ recordChanged: RecordChange }> {
  const { client } = context.viewer
  const readAccess = createAccessReader(context.db, { client, name: collection })
  for await (const { cursor, event } of entries) {
    const transition = transitionOf(event)
    if (transition.after?.collection !== collection && transition.before?.collection !== collection) continue
    const record = transition.after ?? transition.before
    const touched = [transition.before, transition.after].some(
      (state) => state !== null && matchesFilter(filter, asFilterable(state)),
    )
    if (!touched || !(await mayReadNow(context.viewer, record, readAccess))) continue
    const version = transition.before ? transition.before.version + 1 : 1
    yield { recordChanged: { cursor, lagged: 0, type: transition.type, version, record } }
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
