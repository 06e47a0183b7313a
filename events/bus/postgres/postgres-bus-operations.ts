import type { Pool } from 'pg'
import type { PlatformEvent } from '../../catalogue/platform-event.ts'
import { type EventRow, eventColumns, eventOfRow } from '../../event-row.ts'
import { publishedChannel } from '../../log-channels.ts'
import type { BusOperations, DeadLetter, GroupStatus, HistoryFilter } from '../bus-operations.ts'
import { expiredPlace, invalidPlace } from '../history-place.ts'
import { positionText } from './postgres-bus-consumers.ts'
import type { PostgresReplays } from './postgres-bus-replays.ts'

type DeadLetterRow = {
  seq: string
  group_name: string
  event: PlatformEvent
  error: string
  attempts: number
  failed_at: Date
  redelivering: boolean
}

const positionPattern = /^\d{20}$/

const selectGroups = `
  SELECT name, replayable,
    (SELECT count(*)::int FROM bus_member WHERE group_name = name AND expires_at > now()) AS members,
    (SELECT count(*)::int FROM bus_dead_letter WHERE group_name = name) AS "deadLetters",
    (SELECT count(*)::int FROM (
      SELECT 1 FROM bus_partition AS reader JOIN bus_event AS event
        ON event.partition = reader.partition AND event.position > reader.position
      WHERE reader.group_name = name LIMIT 10000) AS unread
    ) + (SELECT count(*)::int FROM bus_held WHERE group_name = name) AS lag
  FROM bus_group WHERE NOT starts_with(name, 'replay:') ORDER BY name`

const matches =
  '($1::text IS NULL OR client = $1) AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR subject = $3)'

export function createPostgresOperations(
  pool: Pool,
  replays: PostgresReplays,
  published: BusOperations['published'],
): BusOperations {
  return {
    published,
    startReplay: replays.start,
    replay: replays.find,
    async groups() {
      return (await pool.query<GroupStatus>(selectGroups)).rows
    },
    async deadLetters({ group, client }, { after, limit }) {
      const { rows } = await pool.query<DeadLetterRow>(
        `SELECT seq, group_name, event, error, attempts, failed_at, redelivering FROM bus_dead_letter
         WHERE group_name = $1 AND ($2::text IS NULL OR client = $2) AND seq > $3 ORDER BY seq LIMIT $4`,
        [group, client, after ?? 0, limit],
      )
      return rows.map(deadLetterOfRow)
    },
    async redeliver({ group, client }, ids) {
      const { rowCount } = await pool.query(
        `UPDATE bus_dead_letter SET redelivering = true
         WHERE group_name = $1 AND ($2::text IS NULL OR client = $2) AND ($3::text[] IS NULL OR event_id = ANY($3))`,
        [group, client, ids],
      )
      await pool.query(`NOTIFY ${publishedChannel}`)
      return rowCount ?? 0
    },
    async history(filter, { after, limit, newestFirst }) {
      if (after !== null && !positionPattern.test(after)) throw invalidPlace()
      const order = newestFirst ? 'DESC' : 'ASC'
      const { rows } = await pool.query<EventRow & { source: string }>(
        `SELECT source, ${eventColumns} FROM bus_event
         WHERE ${matches} AND ($4::bigint IS NULL OR position ${newestFirst ? '<' : '>'} $4) ORDER BY position ${order} LIMIT $5`,
        [...filterValues(filter), after, limit],
      )
      if (after !== null && !newestFirst) await refuseTrimmed(pool, after)
      return rows.map((row) => ({
        position: positionText(row.position),
        event: eventOfRow(row, row.source),
      }))
    },
    async count(filter) {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM bus_event WHERE ${matches}`,
        filterValues(filter),
      )
      return rows[0]?.count ?? 0
    },
    async latest() {
      const { rows } = await pool.query<{ position: string }>(
        'SELECT greatest((SELECT max(position) FROM bus_event), (SELECT position FROM bus_horizon)) AS position',
      )
      return positionText(rows[0]?.position ?? '0')
    },
  }
}

/** After the page was read, so that nothing can have been taken away between the two. */
async function refuseTrimmed(pool: Pool, after: string): Promise<void> {
  const { rows } = await pool.query<{ position: string }>('SELECT position FROM bus_horizon')
  if (after < positionText(rows[0]?.position ?? '0')) throw expiredPlace()
}

function filterValues({ client, type, subject }: HistoryFilter): (string | null)[] {
  return [client, type, subject]
}

function deadLetterOfRow({ seq, group_name, failed_at, ...row }: DeadLetterRow): DeadLetter {
  return { ...row, key: seq, group: group_name, failedAt: failed_at.toISOString() }
}
