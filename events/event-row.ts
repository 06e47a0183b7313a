import type { PlatformEvent } from './catalogue/platform-event.ts'

/** An event as PostgreSQL returns it. */
export type EventRow = {
  position: string
  id: string
  type: string
  subject: string
  client: string
  actor: string | null
  time: Date
  traceparent: string | null
  data_version: number
  /** JSON as text: its length is needed where events are kept in memory. */
  data: string
}

export const eventColumns =
  'position, id, type, subject, client, actor, time, traceparent, data_version, data::text AS data'

/** A row of a bounded page: `found` counts the rows before the bound. */
export type BoundedRow = EventRow & { found: number }

/**
 * A query for as many rows of the log as have about `maxBytes` of data together, and one at least: some events are
 * half a megabyte.
 *
 * @param select rows of `event_log` in the order of their position, with a LIMIT
 */
export function boundedPage(select: string, maxBytes: number): string {
  const size = 'coalesce(size, octet_length(data::text))'
  return `
    SELECT ${eventColumns}, found FROM (
      SELECT *, sum(${size}) OVER (ORDER BY position) - ${size} AS before, (count(*) OVER ())::int AS found
      FROM (${select}) AS page
    ) AS page
    WHERE before < ${maxBytes} ORDER BY position`
}

/** Whether there was nothing behind these rows of a bounded page. */
export function isLastPage(rows: readonly BoundedRow[], limit: number): boolean {
  const found = rows[0]?.found ?? 0
  return rows.length === found && found < limit
}

export function eventOfRow(row: EventRow, source: string): PlatformEvent {
  return {
    id: row.id,
    source,
    type: row.type,
    subject: row.subject,
    client: row.client,
    actor: row.actor,
    time: row.time.toISOString(),
    traceparent: row.traceparent,
    dataVersion: row.data_version,
    data: JSON.parse(row.data),
  }
}

/** An event with the place it has in its log. Positions stay far below 2^53. */
export type PositionedEvent = { position: number; event: PlatformEvent }
