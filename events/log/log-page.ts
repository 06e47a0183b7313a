import type { Pool } from 'pg'
import { type BoundedRow, boundedPage, eventOfRow, isLastPage, type PositionedEvent } from '../event-row.ts'
import { expiredCursor } from './cursor.ts'
import type { EventFilter } from './log-window.ts'

export type LogPageRequest = EventFilter & {
  /** Positions after this one; null: from the oldest kept. */
  after: number | null
  /** Positions up to this one; null: all. */
  upTo: number | null
  limit: number
}

export type LogPage = {
  events: PositionedEvent[]
  /** Nothing that was asked for is behind it. */
  isLast: boolean
}

/** Of data. A page is in memory while its reader works through it. */
const maxPageBytes = 1_000_000

/** Each type is read along the index by itself, no further than the limit: the cost does not grow with the log. */
const selectPage = boundedPage(
  `SELECT found.* FROM unnest($2::text[]) AS wanted(type) CROSS JOIN LATERAL (
     SELECT * FROM event_log
     WHERE client = $1 AND type = wanted.type AND position > $3 AND position <= $4
     ORDER BY position LIMIT $5
   ) AS found
   ORDER BY position LIMIT $5`,
  maxPageBytes,
)

/** @throws {TrellisError} CURSOR_EXPIRED when events after `after` are no longer kept */
export async function readLogPage(
  pool: Pool,
  source: string,
  { client, types, after, upTo, limit }: LogPageRequest,
): Promise<LogPage> {
  const { rows } = await pool.query<BoundedRow>(selectPage, [
    client,
    [...new Set(types)],
    after ?? 0,
    upTo ?? Number.MAX_SAFE_INTEGER,
    limit,
  ])
  if (after !== null) await refuseExpired(pool, after)
  return {
    events: rows.map((row) => ({ position: Number(row.position), event: eventOfRow(row, source) })),
    isLast: isLastPage(rows, limit),
  }
}

const countBehind = `
  SELECT count(*) > $5 AS behind FROM (
    SELECT FROM unnest($2::text[]) AS wanted(type) CROSS JOIN LATERAL (
      SELECT FROM event_log WHERE client = $1 AND type = wanted.type AND position > $3 AND position <= $4 LIMIT $5 + 1
    ) AS found
    LIMIT $5 + 1
  ) AS counted`

/** Whether more than `most` events lie in the range. Looks at no more of them than that. */
export async function isBehind(
  pool: Pool,
  { client, types, after, upTo }: EventFilter & { after: number; upTo: number },
  most: number,
): Promise<boolean> {
  const values = [client, [...new Set(types)], after, upTo, most]
  const { rows } = await pool.query<{ behind: boolean }>(countBehind, values)
  return rows[0]?.behind ?? false
}

/** After the page was read, so that nothing can have been taken away between the two. */
async function refuseExpired(pool: Pool, after: number): Promise<void> {
  const { rows } = await pool.query<{ horizon: string }>('SELECT horizon FROM event_log_head')
  if (after < Number(rows[0]?.horizon ?? 0)) throw expiredCursor()
}
