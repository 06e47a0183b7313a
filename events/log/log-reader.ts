import type { Pool } from 'pg'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { type BoundedRow, boundedPage, eventOfRow, isLastPage } from '../event-row.ts'
import { holdConnection, type Session } from '../held-connection.ts'
import { positionedChannel } from '../log-channels.ts'
import { createWakeup } from '../wakeup.ts'
import { type Cursors, createCursors } from './cursor.ts'
import { createLogWindow, type EventFilter, type Pulled, type SizedEvent } from './log-window.ts'

/** A log from its making until it is replaced by another. Compared by identity. */
export type LogLife = { epoch: string; cursors: Cursors }

/** The one reader of a process: it holds the recent events in memory, and all tails of the process pull from there. */
export type LogReader = {
  life(): LogLife
  /** The last position this process has read. */
  latest(): number
  /** The first event after `position` that passes, if memory reaches back that far; null when it does not. */
  pull(position: number, filter: EventFilter): Pulled | null
  /**
   * Call it in the same turn in which `pull` found nothing more. Resolves with the next events of that client, with
   * the position up to which nothing was missed; also after a while without any, when the log has a new life, and with the signal.
   */
  arrival(client: string, signal: AbortSignal): Promise<number>
  close: Close
}

export type LogReaderOptions = {
  databaseUrl: string
  pool: Pool
  source: string
  log: Log
  /** How long a waiter is left without an answer, in ms, so that its place is not of long ago. @default 30,000 */
  staleAfterMs?: number | undefined
}

type Head = { position: string; epoch: string; cursor_key: Buffer }
type Waiter = (position: number) => void

const pollMs = 1_000
const defaultStaleAfterMs = 30_000
const batch = 200
const selectHead = 'SELECT position, epoch, cursor_key FROM event_log_head'
const selectAfter = boundedPage(
  `SELECT * FROM event_log WHERE position > $1 ORDER BY position LIMIT ${batch}`,
  4_000_000,
)

/** @throws when the database cannot be reached now; later losses are made good in silence */
export async function openLogReader({
  databaseUrl,
  pool,
  source,
  log,
  staleAfterMs = defaultStaleAfterMs,
}: LogReaderOptions): Promise<LogReader> {
  const { rows } = await pool.query<Head>(selectHead)
  const head = headOf(rows)
  let life = lifeOf(head)
  let window = createLogWindow(Number(head.position))
  const waiters = new Map<string, Set<Waiter>>()

  function take(events: readonly SizedEvent[]): void {
    const before = window.latest()
    const whole = window.add(events)
    const clients = whole ? new Set(events.map(({ event }) => event.client)) : waiters.keys()
    for (const client of clients) for (const resolve of waiters.get(client) ?? []) resolve(before)
  }

  function wakeAll(): void {
    for (const resolves of waiters.values()) for (const resolve of resolves) resolve(window.latest())
  }

  /** A log that went backwards was replaced by an older copy of itself: places in it mean other events now. */
  async function adoptHead(session: Session): Promise<void> {
    const head = headOf(await session.query<Head>(selectHead))
    if (head.epoch === life.epoch && Number(head.position) >= window.latest()) return
    log.error({ source, epoch: head.epoch }, 'the event log was replaced; its subscriptions end')
    life = lifeOf(head)
    window = createLogWindow(Number(head.position))
    wakeAll()
  }

  const close = holdConnection({
    databaseUrl,
    name: `${source} event reader`,
    log,
    async work(session, signal) {
      const arrived = createWakeup()
      session.onNotification(arrived.wake)
      await session.query(`LISTEN ${positionedChannel}`)
      await adoptHead(session)
      let wokenAt = Date.now()
      while (!signal.aborted) {
        const rows = await session.query<BoundedRow>(selectAfter, [window.latest()])
        if (rows.length > 0) take(rows.map((row) => positioned(row, source)))
        if (Date.now() - wokenAt >= staleAfterMs) {
          wakeAll()
          wokenAt = Date.now()
        }
        if (isLastPage(rows, batch)) await arrived.wait(pollMs, signal)
      }
    },
  })

  return {
    life: () => life,
    latest: () => window.latest(),
    pull: (position, filter) => window.pull(position, filter),
    arrival(client, signal) {
      return new Promise((resolve) => {
        const resolves = waiters.get(client) ?? new Set()
        const settle = (position: number) => {
          resolves.delete(settle)
          if (resolves.size === 0) waiters.delete(client)
          signal.removeEventListener('abort', abort)
          resolve(position)
        }
        const abort = () => settle(window.latest())
        waiters.set(client, resolves.add(settle))
        signal.addEventListener('abort', abort)
        if (signal.aborted) abort()
      })
    },
    close,
  }
}

function positioned(row: BoundedRow, source: string): SizedEvent {
  return { position: Number(row.position), event: eventOfRow(row, source), size: row.data.length }
}

function lifeOf(head: Head): LogLife {
  return { epoch: head.epoch, cursors: createCursors(head.cursor_key, head.epoch) }
}

function headOf(rows: readonly Head[]): Head {
  const [head] = rows
  if (!head) throw new Error('The event log has no head: its migration is not complete.')
  return head
}
