import type { Pool } from 'pg'
import type { Close } from '../foundation/closing.ts'
import type { Log } from '../foundation/log.ts'
import { migrate } from '../prisma/migrate.ts'
import type { Bus } from './bus.ts'
import { publishedChannel } from './log-channels.ts'
import type { PlatformEvent } from './platform-event.ts'
import { openPool } from './pool.ts'
import { consumeGroup } from './postgres-bus-group.ts'

export type PostgresBusOptions = {
  /** The `bus` database. Its migrations are applied when the bus is opened. */
  databaseUrl: string
  log: Log
  /**
   * Waits before each further attempt at an event, in ms; after the last one it is a dead letter, and the group goes on.
   * @default 100, 500, 2000, 10000, 30000
   */
  retryDelaysMs?: readonly number[]
}

const defaultRetryDelaysMs = [100, 500, 2_000, 10_000, 30_000]

/**
 * The bus on PostgreSQL: every event once, in one order; groups with an offset each. An event that a group is working
 * on holds up the events behind it, so that order holds for every subject.
 *
 * @throws when the database cannot be reached or brought up to date now. Later on it may come and go
 */
export async function openPostgresBus({
  databaseUrl,
  log,
  retryDelaysMs = defaultRetryDelaysMs,
}: PostgresBusOptions): Promise<Bus> {
  await migrate('bus', databaseUrl)
  const pool = openPool({ databaseUrl, name: 'event bus', log })
  const groups = new Set<Close>()

  return {
    publish: (events) => publish(pool, events),
    async subscribe(subscription) {
      await pool.query(
        `INSERT INTO bus_group (name, position) SELECT $1, coalesce(max(position), 0) FROM bus_event
         ON CONFLICT (name) DO NOTHING`,
        [subscription.group],
      )
      const end = consumeGroup({ databaseUrl, log, retryDelaysMs }, subscription)
      const close = async () => {
        groups.delete(close)
        await end()
      }
      groups.add(close)
      return close
    },
    async close() {
      await Promise.all([...groups].map((close) => close()))
      if (!pool.ending) await pool.end()
    },
  }
}

const insertEvents = `
  INSERT INTO bus_event (id, source, type, subject, client, actor, time, traceparent, data_version, data)
  SELECT id, source, type, subject, client, actor, time, traceparent, "dataVersion", data
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
    id text, source text, type text, subject text, client text, actor text, time timestamptz, traceparent text,
    "dataVersion" int, data jsonb
  )) WITH ORDINALITY
  ORDER BY ordinality
  ON CONFLICT (id) DO NOTHING`

/** One publisher commits at a time: positions are in the order of commits, and no group can pass over one. */
async function publish(pool: Pool, events: readonly PlatformEvent[]): Promise<void> {
  if (events.length === 0) return
  const client = await pool.connect()
  let failed = true
  try {
    await client.query('BEGIN')
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('trellis bus publisher', 0))")
    await client.query(insertEvents, [JSON.stringify(events)])
    await client.query(`NOTIFY ${publishedChannel}`)
    await client.query('COMMIT')
    failed = false
  } finally {
    // A connection that failed half-way is thrown away, and its transaction with it.
    client.release(failed)
  }
}
