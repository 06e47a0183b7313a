import type { Pool } from 'pg'
import { partitionCount } from '../bus-store.ts'
import { checkReplay } from '../replay/check-replay.ts'
import { type Replay, type ReplayRequest, type ReplayStatus, replayGroup } from '../replay/replay.ts'
import { clockSkewMs, type ReplayStore, replayUnderWay } from '../replay/replay-store.ts'
import { inTransaction } from './postgres-transaction.ts'

export type PostgresReplays = ReplayStore & {
  start(request: ReplayRequest): Promise<Replay>
  find(id: string): Promise<Replay | null>
}

type ReplayRow = {
  id: string
  group_name: string
  client: string
  type: string | null
  from: Date
  to: Date
  requested_by: string | null
  status: ReplayStatus
  matched: string
  delivered: string
  requested_at: Date
  ended_at: Date | null
  error: string | null
}

/** While it runs, what is delivered is what its partitions have handled. */
const selectReplays = `
  SELECT replay.*, CASE WHEN status = 'RUNNING' THEN
      (SELECT coalesce(sum(handled), 0) FROM bus_partition WHERE group_name = 'replay:' || replay.id)
    ELSE delivered END AS delivered
  FROM bus_replay AS replay`

/** The index by the time of publication spares the events before. */
const countMatched = `
  SELECT count(*) AS matched FROM bus_event
  WHERE published_at >= $3::timestamptz - $5 * interval '1 ms'
    AND client = $1 AND ($2::text IS NULL OR type = $2) AND time >= $3::timestamptz AND time < $4::timestamptz`

/** Each partition from before the first event that can be covered to its newest. */
const insertPartitions = `
  INSERT INTO bus_partition (group_name, partition, position, up_to)
  SELECT $1, of.partition, coalesce(first - 1, last, 0), coalesce(last, 0)
  FROM generate_series(0, ${partitionCount - 1}) AS of(partition)
  CROSS JOIN LATERAL (
    SELECT max(position) AS last, min(position) FILTER (WHERE published_at >= $2::timestamptz - $3 * interval '1 ms') AS first
    FROM bus_event WHERE bus_event.partition = of.partition
  ) AS events`

export function createPostgresReplays(pool: Pool): PostgresReplays {
  return {
    start: (request) =>
      inTransaction(pool, async (session) => {
        const { rows: groups } = await session.query<{ replayable: boolean }>(
          'SELECT replayable FROM bus_group WHERE name = $1 FOR UPDATE',
          [request.group],
        )
        const { rows: horizons } = await session.query<{ time: Date | null }>('SELECT time FROM bus_horizon')
        const replayable = groups[0]?.replayable ?? null
        const checked = checkReplay(request, { replayable, horizon: horizons[0]?.time ?? null })
        const { client, group, type, from, to, requestedBy } = checked
        const { rows: open } = await session.query<{ id: string }>(
          `SELECT id FROM bus_replay WHERE group_name = $1 AND client = $2 AND status IN ('PREPARING', 'RUNNING')`,
          [group, client],
        )
        if (open[0]) throw replayUnderWay(open[0].id)
        const { rows: counts } = await session.query<{ matched: string }>(countMatched, [
          client,
          type,
          from,
          to,
          clockSkewMs,
        ])
        const { rows } = await session.query<ReplayRow>(
          `INSERT INTO bus_replay (id, group_name, client, type, "from", "to", requested_by, status, matched)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 'PREPARING', $8) RETURNING *`,
          [crypto.randomUUID(), group, client, type, from, to, requestedBy, counts[0]?.matched ?? 0],
        )
        return replaysOf(rows)[0] ?? missing()
      }),
    async find(id) {
      const { rows } = await pool.query<ReplayRow>(`${selectReplays} WHERE id = $1`, [id])
      return replaysOf(rows)[0] ?? null
    },
    async open(group) {
      const { rows } = await pool.query<ReplayRow>(
        `${selectReplays} WHERE group_name = $1 AND status IN ('PREPARING', 'RUNNING')`,
        [group],
      )
      return replaysOf(rows)
    },
    begin: ({ id, from }) =>
      inTransaction(pool, async (session) => {
        const { rowCount } = await session.query(
          `UPDATE bus_replay SET status = 'RUNNING' WHERE id = $1 AND status = 'PREPARING'`,
          [id],
        )
        if (rowCount === 0) return
        await session.query('INSERT INTO bus_group (name) VALUES ($1)', [replayGroup(id)])
        await session.query(insertPartitions, [replayGroup(id), from, clockSkewMs])
      }),
    async isComplete({ id }) {
      const { rows } = await pool.query<{ complete: boolean }>(
        `SELECT coalesce(bool_and(position >= up_to), false)
           AND NOT EXISTS (SELECT 1 FROM bus_held WHERE group_name = $1) AS complete
         FROM bus_partition WHERE group_name = $1`,
        [replayGroup(id)],
      )
      return rows[0]?.complete === true
    },
    end: ({ id }, error) =>
      inTransaction(pool, async (session) => {
        const group = replayGroup(id)
        await session.query('SELECT 1 FROM bus_group WHERE name = $1 FOR UPDATE', [group])
        await session.query(
          `UPDATE bus_replay SET status = CASE WHEN $3::text IS NULL THEN 'DONE' ELSE 'FAILED' END, error = $3, ended_at = now(),
             delivered = counted.handled, matched = CASE WHEN $3::text IS NULL THEN counted.handled ELSE matched END
           FROM (SELECT coalesce(sum(handled), 0) AS handled FROM bus_partition WHERE group_name = $2) AS counted
           WHERE id = $1 AND status = 'RUNNING'`,
          [id, group, error],
        )
        for (const table of ['bus_partition', 'bus_member', 'bus_held']) {
          await session.query(`DELETE FROM ${table} WHERE group_name = $1`, [group])
        }
        await session.query('DELETE FROM bus_group WHERE name = $1', [group])
      }),
  }
}

function replaysOf(rows: readonly ReplayRow[]): Replay[] {
  return rows.map(({ group_name, requested_by, requested_at, ended_at, from, to, ...row }) => ({
    ...row,
    group: group_name,
    from: from.toISOString(),
    to: to.toISOString(),
    requestedBy: requested_by,
    matched: Number(row.matched),
    delivered: Number(row.delivered),
    requestedAt: requested_at.toISOString(),
    endedAt: ended_at?.toISOString() ?? null,
  }))
}

function missing(): never {
  throw new Error('PostgreSQL returned no row for the one that was inserted.')
}
