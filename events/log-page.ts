import type { Pool } from 'pg'
import { TrellisError } from '../foundation/errors.ts'
import { type EventRow, eventColumns, eventOfRow, type PositionedEvent } from './event-row.ts'
import type { EventFilter } from './log-window.ts'

export type LogPageRequest = EventFilter & {
  /** Positions after this one; null: from the oldest kept. */
  after: number | null
  /** Positions up to this one; null: all. */
  upTo: number | null
  limit: number
}

/** Each type is read along the index by itself, no further than the limit: the cost does not grow with the log. */
const selectPage = `
  SELECT found.* FROM unnest($2::text[]) AS wanted(type) CROSS JOIN LATERAL (
    SELECT ${eventColumns} FROM event_log
    WHERE client = $1 AND type = wanted.type AND position > $3 AND position <= $4
    ORDER BY position LIMIT $5
  ) AS found
  ORDER BY position LIMIT $5`

const selectOldest =
  'SELECT coalesce(min(position), (SELECT position + 1 FROM event_log_head)) AS oldest FROM event_log'

/** @throws {TrellisError} CURSOR_EXPIRED when events after `after` are no longer kept */
export async function readLogPage(
  pool: Pool,
  source: string,
  { client, types, after, upTo, limit }: LogPageRequest,
): Promise<PositionedEvent[]> {
  const { rows } = await pool.query<EventRow>(selectPage, [
    client,
    [...new Set(types)],
    after ?? 0,
    upTo ?? Number.MAX_SAFE_INTEGER,
    limit,
  ])
  if (after !== null) await refuseExpired(pool, after)
  return rows.map((row) => ({ position: Number(row.position), event: eventOfRow(row, source) }))
}

/** After the page was read, so that nothing can have been taken away between the two. */
async function refuseExpired(pool: Pool, after: number): Promise<void> {
  const { rows } = await pool.query<{ oldest: string }>(selectOldest)
  if (after + 1 < Number(rows[0]?.oldest ?? 0)) throw expiredCursor()
}

export function expiredCursor(): TrellisError {
  return new TrellisError('CURSOR_EXPIRED', 'The events after this cursor are no longer kept.')
}
