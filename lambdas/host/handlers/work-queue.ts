import { repeatEvery } from '../../../events/bus/repeat-every.ts'
import { createWakeup } from '../../../events/wakeup.ts'
import type { Close } from '../../../foundation/closing.ts'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Log } from '../../../foundation/log.ts'
import { type HandleEvent, HandlerFailure } from './handle-event.ts'
import { type HandlerQueue, leaseMs, type QueuedEvent } from './handler-queue.ts'

export type WorkOptions = {
  queue: HandlerQueue
  /** Asked when a client has little to do. @returns whether there may be more now */
  refill(client: string): Promise<boolean>
  /** @throws {TrellisError} why it could not be handled; anything else is a fault of the platform and counts as no attempt */
  handle: HandleEvent
  /** Before each further attempt, in ms; after the last one it is a dead letter. */
  retryDelaysMs: readonly number[]
  log: Log
}

export type Worker = {
  /** Something was added. */
  wake(): void
  /** Begins nothing any more, and waits for what is in hand no longer than a moment: it is handled again elsewhere. */
  close: Close
}

const pollMs = 500
const clientsAtOnce = 1_000
/** Of one client, each of another subject. */
const eventsAtOnce = 4
const platformRetryMs = 2_000
const earlyMs = 250
const drainMs = 2_000

/** This copy's part in handling events: for some clients, each at its own pace. */
export function workQueue(options: WorkOptions): Worker {
  const { queue, log } = options
  const owner = crypto.randomUUID()
  const closing = new AbortController()
  const work = createWakeup()
  const working = new Map<string, { lost: AbortController; ended: Promise<void> }>()

  function begin(client: string): void {
    const lost = new AbortController()
    const signal = AbortSignal.any([closing.signal, lost.signal])
    const ended = workForClient(client, options, signal)
      .catch((error) => log.warn({ err: error, client }, 'the work for a client was interrupted'))
      .then(() => queue.release(owner, client))
      .catch((error) => log.debug({ err: error, client }, 'a lease of a client ends by itself'))
      .finally(() => {
        working.delete(client)
        // What came just before the release is not to wait for the next look.
        work.wake()
      })
    working.set(client, { lost, ended })
  }

  async function takeWork(): Promise<void> {
    while (!closing.signal.aborted) {
      const clients = await queue.take(owner, clientsAtOnce - working.size).catch((error) => {
        log.warn({ err: error }, 'the queue of handlers could not be read; trying again')
        return []
      })
      for (const client of clients) if (!working.has(client)) begin(client)
      await work.wait(pollMs, closing.signal)
    }
  }

  async function keepLeases(): Promise<void> {
    const kept = working.size > 0 ? await queue.renew(owner).catch(() => null) : null
    if (!kept) return
    for (const [client, { lost }] of working) if (!kept.has(client)) lost.abort()
  }

  const taking = takeWork()
  const stopKeeping = repeatEvery(leaseMs / 4, keepLeases)
  return {
    wake: work.wake,
    async close() {
      closing.abort()
      await taking
      const drained = new AbortController()
      void Promise.all([...working.values()].map(({ ended }) => ended)).then(() => drained.abort())
      await createWakeup().wait(drainMs, drained.signal)
      await stopKeeping()
    },
  }
}

/** Until nothing is due. */
async function workForClient(client: string, options: WorkOptions, signal: AbortSignal): Promise<void> {
  const inHand = new Map<string, Promise<void>>()
  while (!signal.aborted) {
    const room = eventsAtOnce - inHand.size
    const due = room > 0 ? await options.queue.next(client, [...inHand.keys()], room) : []
    if (due.length < room && (await refillPatiently(client, options, signal))) continue
    for (const queued of due) {
      const handled = attempt(queued, options, signal).finally(() => inHand.delete(queued.subject))
      handled.catch(() => undefined)
      inHand.set(queued.subject, handled)
    }
    if (inHand.size === 0) return
    await Promise.race(inHand.values())
  }
  await Promise.allSettled(inHand.values())
}

/** While the bus is away, what is in the queue goes on. */
async function refillPatiently(
  client: string,
  { refill, log }: WorkOptions,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await refill(client)
  } catch (error) {
    log.warn({ err: error, client }, 'what a queue of handlers has left on the bus cannot be read now')
    await createWakeup().wait(platformRetryMs, signal)
    return false
  }
}

async function attempt(queued: QueuedEvent, options: WorkOptions, signal: AbortSignal): Promise<void> {
  let outcome: Awaited<ReturnType<HandleEvent>>
  try {
    outcome = await options.handle(queued, signal)
  } catch (error) {
    // Whoever has it now tries for itself; what ended with this copy was no attempt.
    if (!signal.aborted) await fail(queued, error, options)
    return
  }
  if (outcome === 'done') return options.queue.done(queued)
  const { attempts } = queued
  return options.queue.postpone(queued, {
    delayMs: earlyMs,
    attempts,
    failure: { error: 'No release handles it yet.', place: null },
  })
}

async function fail(
  queued: QueuedEvent,
  error: unknown,
  { queue, retryDelaysMs, log }: WorkOptions,
): Promise<void> {
  const { event, attempts } = queued
  if (!(error instanceof TrellisError)) {
    log.error({ err: error, event: event.id }, 'the platform could not have an event handled; trying again')
    return queue.postpone(queued, {
      delayMs: platformRetryMs,
      attempts,
      failure: { error: 'The platform failed.', place: null },
    })
  }
  const place = error instanceof HandlerFailure ? error.place : null
  const failure = { error: `${error.code}: ${error.message}`, place }
  const delayMs = retryDelaysMs[attempts]
  // What goes round in a circle does so the next time, too.
  if (delayMs === undefined || error.code === 'EVENT_LOOP') {
    log.warn(
      { client: event.client, event: event.id, ...failure },
      'an event became a dead letter of a plugin',
    )
    return queue.bury(queued, failure)
  }
  return queue.postpone(queued, { delayMs, attempts: attempts + 1, failure })
}
