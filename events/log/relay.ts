import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { abortable } from '../abortable.ts'
import type { Bus } from '../bus/bus.ts'
import { type BoundedRow, boundedPage, eventOfRow } from '../event-row.ts'
import { holdConnection, type Session } from '../held-connection.ts'
import { appendedChannel, positionedChannel } from '../log-channels.ts'
import { createWakeup, type Wakeup } from '../wakeup.ts'
import { holdAdvisoryLock } from './advisory-lock.ts'
import { type Retention, trimLog } from './trim-log.ts'

export type Relay = {
  /** There are fresh rows. @returns false when this relay is not the one that works, so that the other must be told */
  wake(): boolean
  close: Close
}

export type RelayOptions = {
  databaseUrl: string
  source: string
  bus: Bus
  log: Log
  retention: Retention
}

const pollMs = 1_000
/** Less than the silence after which a successor takes over. */
const trustedMs = 1_000
const positionBatch = 500
const publishBatch = 200
const publishBytes = 4_000_000

/**
 * Gives committed events their position, and brings them to the bus. Many relays may run over one log, one works: the
 * holder of the lock. The others take over within a second of its end.
 */
export function startRelay({ databaseUrl, ...options }: RelayOptions): Relay {
  const { source, log } = options
  const fresh = createWakeup()
  let working = false
  const close = holdConnection({
    databaseUrl,
    name: `${source} event relay`,
    log,
    async work(session, signal) {
      if (!(await holdAdvisoryLock(session, 'trellis event relay', signal))) return
      session.onNotification(fresh.wake)
      await session.query(`LISTEN ${appendedChannel}`)
      log.debug({ source }, 'this event relay is the one that works')
      working = true
      try {
        await relay({ ...options, session }, fresh, signal)
      } finally {
        working = false
      }
    },
  })
  return {
    wake() {
      if (working) fresh.wake()
      return working
    },
    close,
  }
}

type Working = Omit<RelayOptions, 'databaseUrl'> & { session: Session }

/** Loops of their own, so that a bus that is away holds up its consumers only, and never the log's own readers. */
async function relay(working: Working, fresh: Wakeup, signal: AbortSignal): Promise<void> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const positioned = createWakeup()
  const loops = [
    givePositions(working.session, { fresh, positioned }, stopping.signal),
    publishPositioned(working, positioned, stopping.signal),
    trimLog(working.session, working.retention, stopping.signal),
  ]
  for (const loop of loops) loop.catch(stop)
  const outcomes = await Promise.allSettled(loops)
  signal.removeEventListener('abort', stop)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/*
 * One round trip, one transaction: statements sent together are. The first locks the head, so that the snapshot of the
 * second is later than all that was positioned before. Rows committed by now are numbered in the order in which they
 * were written; a row that is committed later is numbered later, whatever its seq.
 */
const positionStatements = `
  SELECT position FROM event_log_head FOR UPDATE;
  WITH fresh AS (
    SELECT seq, row_number() OVER (ORDER BY seq) AS place
    FROM (SELECT seq FROM event_log WHERE position IS NULL ORDER BY seq LIMIT ${positionBatch}) AS unpositioned
  ), given AS (
    UPDATE event_log SET position = head.position + fresh.place, size = octet_length(data::text)
    FROM fresh, event_log_head AS head
    WHERE event_log.seq = fresh.seq
    RETURNING size
  ), total AS (
    SELECT count(*) AS given, sum(size) AS bytes FROM given
  )
  UPDATE event_log_head SET position = position + total.given, bytes = event_log_head.bytes + total.bytes
  FROM total WHERE total.given > 0
  RETURNING total.given::int AS given, pg_notify('${positionedChannel}', '')`

async function givePositions(
  session: Session,
  { fresh, positioned }: { fresh: Wakeup; positioned: Wakeup },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const [positions] = await session.query<{ given: number }>(positionStatements)
    const given = positions?.given ?? 0
    if (given > 0) positioned.wake()
    if (given < positionBatch) await fresh.wait(pollMs, signal)
  }
}

const selectUnpublished = boundedPage(
  `SELECT * FROM event_log WHERE position > $1 ORDER BY position LIMIT ${publishBatch}`,
  publishBytes,
)

/** Repeats what was in flight when the relay before it died: events carry ids, and the bus knows them. */
async function publishPositioned(working: Working, positioned: Wakeup, signal: AbortSignal): Promise<void> {
  const { session } = working
  const [head] = await session.query<{ published: string }>('SELECT published FROM event_log_head')
  let published = head?.published ?? '0'
  while (!signal.aborted) {
    const rows = await session.query<BoundedRow>(selectUnpublished, [published])
    const last = rows.at(-1)
    if (!last) {
      await positioned.wait(pollMs, signal)
    } else if (await publish(working, rows, signal)) {
      published = last.position
      await session.query('UPDATE event_log_head SET published = $1', [published])
    }
  }
}

/** @returns false when the signal came before the bus had them */
async function publish(
  { session, source, bus, log }: Working,
  rows: BoundedRow[],
  signal: AbortSignal,
): Promise<boolean> {
  const pause = createWakeup()
  const events = rows.map((row) => eventOfRow(row, source))
  let knownToHold = performance.now()
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      // Whoever was stopped meanwhile may have a successor that is further on by now: the session knows.
      if (performance.now() - knownToHold > trustedMs) await session.query('SELECT 1')
      knownToHold = performance.now()
      await abortable(bus.publish(events), signal)
      return true
    } catch (error) {
      if (signal.aborted) break
      log.warn({ err: error, source, attempt }, 'the bus did not take events; trying again')
      await pause.wait(Math.min(5_000, 100 * 2 ** attempt), signal)
    }
  }
  return false
}
