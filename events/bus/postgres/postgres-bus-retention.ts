import type { Pool } from 'pg'
import type { Log } from '../../../foundation/log.ts'
import type { Retention } from '../retention.ts'
import { inTransaction } from './postgres-transaction.ts'

const batch = 5_000

/** What every group is done with, up to where; of a partition without groups: all. */
const trimStatement = `
  WITH newest AS (SELECT coalesce(max(position), 0) AS position FROM bus_event
  ), handled AS (
    SELECT partition, min(least(position, coalesce((
      SELECT min(held.position) - 1 FROM bus_held AS held
      WHERE held.group_name = reader.group_name AND held.partition = reader.partition), position))) AS position
    FROM bus_partition AS reader GROUP BY partition
  ), expired AS (
    SELECT event.position, event.time, event.position > coalesce(handled.position, event.position) AS unhandled
    FROM bus_event AS event CROSS JOIN newest LEFT JOIN handled USING (partition)
    WHERE (event.published_at < now() - $1 * interval '1 ms' OR event.position <= newest.position - $2)
      AND (event.position <= coalesce(handled.position, event.position)
        OR event.published_at < now() - $1 * $3 * interval '1 ms' OR event.position <= newest.position - $2 * $3)
    ORDER BY event.position LIMIT ${batch}
  ), gone AS (
    DELETE FROM bus_event USING expired WHERE bus_event.position = expired.position
    RETURNING expired.position, expired.time, expired.unhandled
  ), noted AS (
    UPDATE bus_horizon SET position = greatest(bus_horizon.position, taken.position), time = greatest(bus_horizon.time, taken.time)
    FROM (SELECT max(position) AS position, max(time) AS time FROM gone HAVING count(*) > 0) AS taken
  )
  SELECT count(*)::int AS trimmed, count(*) FILTER (WHERE unhandled)::int AS lost FROM gone`

/** Of several instances one at a time. */
export async function trimPostgresBus(pool: Pool, retention: Retention, log: Log): Promise<void> {
  for (let trimmed = batch; trimmed >= batch; ) {
    trimmed = await inTransaction(pool, async (session) => {
      const { rows: locks } = await session.query<{ held: boolean }>(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('trellis bus retention', 0)) AS held",
      )
      if (!locks[0]?.held) return 0
      const { ageMs, events, hardFactor } = retention
      const { rows } = await session.query<{ trimmed: number; lost: number }>(trimStatement, [
        ageMs,
        events,
        hardFactor,
      ])
      const lost = rows[0]?.lost ?? 0
      if (lost > 0) log.error({ lost }, 'events that a group had not handled were taken away by retention')
      return rows[0]?.trimmed ?? 0
    })
  }
}
