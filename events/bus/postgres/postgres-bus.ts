import type { Pool } from 'pg'
import type { Close } from '../../../foundation/closing.ts'
import type { Log } from '../../../foundation/log.ts'
import { migrate } from '../../../prisma/migrate.ts'
import type { PlatformEvent } from '../../catalogue/platform-event.ts'
import { holdConnection } from '../../held-connection.ts'
import { publishedChannel } from '../../log-channels.ts'
import { openPool } from '../../pool.ts'
import type { Bus, BusSubscription } from '../bus.ts'
import { type Broker, type BusOptions, busOver } from '../bus-over.ts'
import { partitionCount } from '../bus-store.ts'
import { partitionOf } from '../partition.ts'
import { createWakeups } from '../wakeups.ts'
import { createPostgresConsumers } from './postgres-bus-consumers.ts'
import { createPostgresOperations } from './postgres-bus-operations.ts'
import { createPostgresReplays } from './postgres-bus-replays.ts'
import { trimPostgresBus } from './postgres-bus-retention.ts'
import { inTransaction } from './postgres-transaction.ts'

export type PostgresBusOptions = BusOptions & {
  /** The database `bus`. Its `synchronous_commit` says what an acknowledged publication survives. */
  databaseUrl: string
}

/**
 * The bus on PostgreSQL: every event once, in the order of commits; subjects spread over partitions, which the instances
 * of a group share.
 *
 * @throws when the database cannot be reached or brought up to date now. Later on it may come and go
 */
export async function openPostgresBus({ databaseUrl, ...options }: PostgresBusOptions): Promise<Bus> {
  const { log } = options
  await migrate('bus', databaseUrl)
  const pool = openPool({ databaseUrl, name: 'event bus', log })
  const wakeups = createWakeups()
  const stopListening = listen({ databaseUrl, log, onPublished: wakeups.wakeAll })
  const replays = createPostgresReplays(pool)
  const broker: Broker = {
    publish: (events) => publish(pool, events),
    createGroup: (subscription) => createGroup(pool, subscription),
    trim: (retention) => trimPostgresBus(pool, retention, log),
    consumers: createPostgresConsumers(pool),
    replays,
    operations: createPostgresOperations(pool, replays, wakeups.wait),
    wakeups,
    async close() {
      await stopListening()
      if (!pool.ending) await pool.end()
    },
  }
  return busOver(broker, options)
}

/** An empty wake-up; what is new, everybody looks up. */
function listen({
  databaseUrl,
  log,
  onPublished,
}: {
  databaseUrl: string
  log: Log
  onPublished(): void
}): Close {
  return holdConnection({
    databaseUrl,
    name: 'event bus listener',
    log,
    async work(session, signal) {
      session.onNotification(onPublished)
      await session.query(`LISTEN ${publishedChannel}`)
      onPublished()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  })
}

/** The row of the group is there last: whoever sees it sees its partitions. */
async function createGroup(pool: Pool, { group, from = 'now', replay }: BusSubscription): Promise<void> {
  await inTransaction(pool, async (session) => {
    const { rowCount } = await session.query(
      `INSERT INTO bus_group (name, replayable) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET replayable = excluded.replayable
       RETURNING 1`,
      [group, replay !== undefined],
    )
    if (rowCount === 0) return
    await session.query(
      `INSERT INTO bus_partition (group_name, partition, position)
       SELECT $1, partition, coalesce((SELECT max(position) FROM bus_event WHERE $2), 0)
       FROM generate_series(0, ${partitionCount - 1}) AS partition
       ON CONFLICT (group_name, partition) DO NOTHING`,
      [group, from === 'now'],
    )
  })
}

const insertEvents = `
  INSERT INTO bus_event (id, source, type, subject, client, actor, time, traceparent, data_version, data, partition)
  SELECT id, source, type, subject, client, actor, time, traceparent, "dataVersion", data, partition
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
    id text, source text, type text, subject text, client text, actor text, time timestamptz, traceparent text,
    "dataVersion" int, data jsonb, partition smallint
  )) WITH ORDINALITY
  ORDER BY ordinality
  ON CONFLICT (id) DO NOTHING`

/** One publisher commits at a time: positions are in the order of commits, and no group can pass over one. */
async function publish(pool: Pool, events: readonly PlatformEvent[]): Promise<void> {
  const rows = events.map((event) => ({ ...event, partition: partitionOf(event) }))
  await inTransaction(pool, async (session) => {
    await session.query("SELECT pg_advisory_xact_lock(hashtextextended('trellis bus publisher', 0))")
    await session.query(insertEvents, [JSON.stringify(rows)])
    await session.query(`NOTIFY ${publishedChannel}`)
  })
}
