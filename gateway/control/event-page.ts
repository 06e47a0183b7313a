import type { HistoryEntry } from '../../events/bus/bus-operations.ts'
import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import { TrellisError } from '../../foundation/errors.ts'
import { registrySource } from '../registry/change-registry.ts'
import { readCursor, writeCursor } from './connection.ts'

/** Cursors of `events` and of `eventAdded` are the same places. */
const list = 'events'

export function writePlace(position: string): string {
  return writeCursor(list, position)
}

/** @throws {TrellisError} CURSOR_INVALID */
export function readPlace(cursor: string): string {
  return readCursor(list, cursor)
}

export function pageSize(first: number | null | undefined): number {
  const size = first ?? 50
  if (size < 1 || size > 100) throw new TrellisError('BAD_USER_INPUT', '`first` is 1 to 100.')
  return size
}

/** @param found one more than the page has, where there is one */
export function toEdges<Entry, Node>(
  found: readonly Entry[],
  { size, after }: { size: number; after: string | null },
  toEdge: (entry: Entry) => { cursor: string; node: Node },
) {
  const edges = found.slice(0, size).map(toEdge)
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > size,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

export function eventEdge({ position, event }: HistoryEntry) {
  return { cursor: writePlace(position), node: shownEvent(event) }
}

/** Operators see who did what to what, and no client's data; what was done to the platform is theirs to see. */
const shownSources = ['control', registrySource]

export function shownEvent(event: PlatformEvent) {
  return { ...event, data: shownSources.includes(event.source) ? event.data : null }
}
