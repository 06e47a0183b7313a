import type { PlatformEvent } from './platform-event.ts'

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
