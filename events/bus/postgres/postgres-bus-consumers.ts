import type { Pool, PoolClient } from 'pg'
import { type EventRow, eventColumns, eventOfRow } from '../../event-row.ts'
import {
  type ConsumerStore,
  type Handover,
  leaseMs,
  type Member,
  type Position,
  type Settlement,
  type StoredEvent,
} from '../bus-store.ts'
import { inTransaction } from './postgres-transaction.ts'

type BusRow = EventRow & { source: string; partition: number }
type LeaseRow = { partition: number; token: string }

/** Consumer groups in the tables of the bus database. */
export function createPostgresConsumers(pool: Pool): ConsumerStore {
  return {
    heartbeat: (member) => inTransaction(pool, (session) => heartbeat(session, member)),
    async release({ group, id }, leases) {
      await pool.query(
        'UPDATE bus_partition SET owner = NULL WHERE group_name = $1 AND owner = $2 AND partition = ANY($3)',
        [group, id, leases.map(({ partition }) => partition)],
      )
    },
    async leave({ group, id }) {
      await pool.query(
        `WITH gone AS (DELETE FROM bus_member WHERE group_name = $1 AND id = $2)
         UPDATE bus_partition SET owner = NULL WHERE group_name = $1 AND owner = $2`,
        [group, id],
      )
    },
    async takeOver({ group, id }, leases) {
      const { rows } = await pool.query<HandoverRow>(selectHandovers, [
        group,
        id,
        leases.map(({ partition }) => partition),
      ])
      return rows.map(handoverOfRow)
    },
    async read(_member, wants) {
      const { rows } = await pool.query<BusRow>(selectNext, [
        wants.map(({ lease }) => lease.partition),
        wants.map(({ after }) => after),
        wants.map(({ limit }) => limit),
      ])
      return rows.map(storedOfRow)
    },
    async load(_partition, position) {
      const { rows } = await pool.query<BusRow>(
        `SELECT source, partition, ${eventColumns} FROM bus_event WHERE position = $1`,
        [position],
      )
      return rows[0] ? eventOfRow(rows[0], rows[0].source) : null
    },
    async redeliveries(group, partitions) {
      const { rows } = await pool.query<{ partition: number; position: string; event: StoredEvent['event'] }>(
        `SELECT partition, position, event FROM bus_dead_letter
         WHERE group_name = $1 AND partition = ANY($2) AND redelivering ORDER BY position LIMIT 500`,
        [group, partitions],
      )
      return rows.map((row) => ({ ...row, position: positionText(row.position) }))
    },
    async settle({ group, id }, settlements) {
      const { rows } = await pool.query<{ partition: number }>(settleStatement, [
        group,
        id,
        JSON.stringify(settlements.map(settlementInput)),
      ])
      return new Set(rows.map(({ partition }) => partition))
    },
  }
}

/** Ordered as text, and a number to PostgreSQL. */
export function positionText(position: string): Position {
  return position.padStart(20, '0')
}

/** The group's row is locked meanwhile: its members share the partitions one after the other. */
async function heartbeat(session: PoolClient, { group, id }: Member): ReturnType<ConsumerStore['heartbeat']> {
  await session.query('SELECT 1 FROM bus_group WHERE name = $1 FOR UPDATE', [group])
  await session.query(
    `INSERT INTO bus_member (group_name, id, expires_at)
     SELECT $1, $2, clock_timestamp() + $3 * interval '1 ms' WHERE EXISTS (SELECT 1 FROM bus_group WHERE name = $1)
     ON CONFLICT (group_name, id) DO UPDATE SET expires_at = excluded.expires_at`,
    [group, id, leaseMs],
  )
  await session.query('DELETE FROM bus_member WHERE group_name = $1 AND expires_at < clock_timestamp()', [
    group,
  ])
  await session.query(
    `UPDATE bus_partition SET owner = NULL WHERE group_name = $1 AND owner IS NOT NULL
       AND owner NOT IN (SELECT id FROM bus_member WHERE group_name = $1)`,
    [group],
  )
  const { rows: shares } = await session.query<{ share: number }>(selectShare, [group, id])
  const share = shares[0]?.share ?? 0
  await session.query(claimStatement, [group, id, share])
  const { rows: leases } = await session.query<LeaseRow>(
    'SELECT partition, token FROM bus_partition WHERE group_name = $1 AND owner = $2 ORDER BY partition',
    [group, id],
  )
  return { leases, share }
}

/** As many for each as the division gives, and one more for the first. */
const selectShare = `
  SELECT (partitions / members + CASE WHEN place <= partitions % members THEN 1 ELSE 0 END)::int AS share
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS members
        FROM bus_member WHERE group_name = $1) AS ranked,
       (SELECT count(*) AS partitions FROM bus_partition WHERE group_name = $1) AS total
  WHERE id = $2`

const claimStatement = `
  UPDATE bus_partition SET owner = $2, token = token + 1
  WHERE group_name = $1 AND partition IN (
    SELECT partition FROM bus_partition WHERE group_name = $1 AND owner IS NULL ORDER BY partition
    LIMIT greatest(0, $3 - (SELECT count(*) FROM bus_partition WHERE group_name = $1 AND owner = $2)))`

type HandoverRow = {
  partition: number
  position: string
  up_to: string | null
  handled: string
  unsettled: { position: string; subject: string; attempts: number; dueAt: number }[]
}

const selectHandovers = `
  SELECT partition, position, up_to, handled, coalesce((
    SELECT jsonb_agg(jsonb_build_object('position', position::text, 'subject', subject, 'attempts', attempts,
      'dueAt', extract(epoch FROM due_at) * 1000) ORDER BY position)
    FROM bus_held AS held WHERE held.group_name = $1 AND held.partition = bus_partition.partition), '[]') AS unsettled
  FROM bus_partition WHERE group_name = $1 AND owner = $2 AND partition = ANY($3)`

function handoverOfRow({ partition, position, up_to, handled, unsettled }: HandoverRow): Handover {
  return {
    partition,
    cursor: positionText(position),
    upTo: up_to === null ? null : positionText(up_to),
    handled: Number(handled),
    unsettled: unsettled.map((held) => ({ ...held, position: positionText(held.position) })),
  }
}

const selectNext = `
  SELECT found.* FROM unnest($1::smallint[], $2::bigint[], $3::int[]) AS want(partition, after, size)
  CROSS JOIN LATERAL (
    SELECT source, partition, ${eventColumns} FROM bus_event
    WHERE bus_event.partition = want.partition AND position > want.after ORDER BY position LIMIT want.size
  ) AS found
  ORDER BY found.partition, found.position`

function storedOfRow(row: BusRow): StoredEvent {
  return {
    partition: row.partition,
    position: positionText(row.position),
    event: eventOfRow(row, row.source),
  }
}

function settlementInput({ lease, offset, handled, unheld, redelivered, dead, held }: Settlement) {
  return {
    ...lease,
    offset,
    handled,
    unheld,
    redelivered,
    held: held.map((event) => ({ ...event, dueAt: new Date(event.dueAt).toISOString() })),
    dead: dead.map((burial) => ({ ...burial, event_id: burial.event.id, client: burial.event.client })),
  }
}

/** One statement: where the token is no longer the owner's, nothing of that partition is written. */
const settleStatement = `
  WITH settlement AS (
    SELECT * FROM jsonb_to_recordset($3::jsonb) AS (partition smallint, token bigint, "offset" bigint, handled bigint,
      held jsonb, unheld jsonb, dead jsonb, redelivered jsonb)
  ), owned AS (
    UPDATE bus_partition SET
      position = greatest(bus_partition.position, coalesce(settlement."offset", 0)), handled = settlement.handled
    FROM settlement
    WHERE group_name = $1 AND owner = $2 AND bus_partition.partition = settlement.partition
      AND bus_partition.token = settlement.token
    RETURNING settlement.partition, held, unheld, dead, redelivered
  ), hold AS (
    INSERT INTO bus_held (group_name, partition, position, subject, attempts, due_at)
    SELECT DISTINCT ON (owned.partition, event.position)
      $1, owned.partition, event.position, event.subject, event.attempts, event."dueAt"
    FROM owned, jsonb_to_recordset(held) AS event(position bigint, subject text, attempts int, "dueAt" timestamptz)
    ORDER BY owned.partition, event.position, event.attempts DESC
    ON CONFLICT (group_name, partition, position) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at
  ), let_go AS (
    DELETE FROM bus_held USING owned, jsonb_array_elements_text(unheld) AS done(position)
    WHERE group_name = $1 AND bus_held.partition = owned.partition AND bus_held.position = done.position::bigint
  ), buried AS (
    INSERT INTO bus_dead_letter (group_name, partition, position, event_id, client, event, error, attempts)
    SELECT $1, owned.partition, letter.position, event_id, client, event, error, attempts
    FROM owned, jsonb_to_recordset(dead) AS letter(position bigint, event_id text, client text, event jsonb,
      error text, attempts int)
    ON CONFLICT (group_name, event_id) DO UPDATE
      SET error = excluded.error, attempts = excluded.attempts, failed_at = now(), redelivering = false
  ), handled_again AS (
    DELETE FROM bus_dead_letter USING owned, jsonb_array_elements_text(redelivered) AS letter(id)
    WHERE group_name = $1 AND event_id = letter.id AND bus_dead_letter.partition = owned.partition
  )
  SELECT partition FROM owned`
