import type { Close } from '../foundation/closing.ts'
import type { Log } from '../foundation/log.ts'
import { holdAdvisoryLock } from './advisory-lock.ts'
import type { BusSubscription } from './bus.ts'
import { type EventRow, eventColumns, eventOfRow } from './event-row.ts'
import { holdConnection, type Session } from './held-connection.ts'
import { publishedChannel } from './log-channels.ts'
import type { PlatformEvent } from './platform-event.ts'
import { createWakeup } from './wakeup.ts'

export type GroupOptions = { databaseUrl: string; log: Log; retryDelaysMs: readonly number[] }

type Consumer = GroupOptions & BusSubscription & { session: Session }
type BusRow = EventRow & { source: string }

const pollMs = 1_000
const batch = 100

/**
 * Works for a consumer group whenever this instance is the one that holds it. The offset is moved through the
 * connection that holds the group's lock: whoever has lost the group cannot move it any more.
 */
export function consumeGroup(options: GroupOptions, subscription: BusSubscription): Close {
  const { group } = subscription
  return holdConnection({
    databaseUrl: options.databaseUrl,
    name: `event bus group ${group}`,
    log: options.log,
    async work(session, signal) {
      if (!(await holdAdvisoryLock(session, `trellis bus group ${group}`, signal))) return
      options.log.debug({ group }, 'this instance works for the consumer group')
      await consume({ ...options, ...subscription, session }, signal)
    },
  })
}

async function consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
  const { session, group } = consumer
  const published = createWakeup()
  session.onNotification(published.wake)
  await session.query(`LISTEN ${publishedChannel}`)
  while (!signal.aborted) {
    const rows = await session.query<BusRow>(
      `SELECT source, ${eventColumns} FROM bus_event
       WHERE position > (SELECT position FROM bus_group WHERE name = $1) ORDER BY position LIMIT ${batch}`,
      [group],
    )
    for (const row of rows) {
      await deliver(consumer, row, signal)
      if (signal.aborted) return
    }
    if (rows.length === 0) await published.wait(pollMs, signal)
  }
}

/** Until it is handled, or has become a dead letter. With the signal it stays where it is, for whoever comes next. */
async function deliver(consumer: Consumer, row: BusRow, signal: AbortSignal): Promise<void> {
  const { session, group, handle, retryDelaysMs, log } = consumer
  const event = eventOfRow(row, row.source)
  const pause = createWakeup()
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await handle(event, signal)
    } catch (error) {
      if (signal.aborted) return
      const delayMs = retryDelaysMs[attempt - 1]
      log.warn({ err: error, group, event: event.id, attempt, delayMs }, 'an event could not be handled')
      if (delayMs === undefined) return buryEvent(consumer, { row, event, error, attempts: attempt })
      await pause.wait(delayMs, signal)
      continue
    }
    await session.query('UPDATE bus_group SET position = $2 WHERE name = $1', [group, row.position])
    return
  }
}

type Failure = { row: BusRow; event: PlatformEvent; error: unknown; attempts: number }

async function buryEvent({ session, group, log }: Consumer, failure: Failure): Promise<void> {
  const { row, event, error, attempts } = failure
  await session.query(
    `WITH moved AS (UPDATE bus_group SET position = $2 WHERE name = $1)
     INSERT INTO bus_dead_letter (group_name, position, event_id, event, error, attempts)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (group_name, event_id) DO UPDATE SET error = excluded.error, attempts = excluded.attempts, failed_at = now()`,
    [group, row.position, event.id, JSON.stringify(event), describe(error), attempts],
  )
  log.error({ err: error, group, event: event.id, attempts }, 'an event became a dead letter')
}

/** PostgreSQL's text has no room for the character NUL. */
function describe(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll('\0', '')
}
