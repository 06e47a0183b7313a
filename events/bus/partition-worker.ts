import type { Log } from '../../foundation/log.ts'
import type { PlatformEvent } from '../catalogue/platform-event.ts'
import { createWakeup } from '../wakeup.ts'
import type { Handover, Lease, Position, Settlement, StoredEvent, Want } from './bus-store.ts'
import { subjectKey } from './partition.ts'
import { createProgress, type Entry } from './partition-progress.ts'
import type { Slots } from './slots.ts'

export type WorkerOptions = {
  group: string
  lease: Lease
  handover: Handover
  slots: Slots
  /** Before each further attempt, in ms. After the last one `giveUp` is asked. */
  retryDelaysMs: readonly number[]
  handle(event: PlatformEvent, signal: AbortSignal, position: Position): Promise<void>
  /** Others are passed over. */
  covers(event: PlatformEvent): boolean
  /** @returns whether it becomes a dead letter; else it stays where it is */
  giveUp(event: PlatformEvent, error: unknown): boolean
  /** A process that was paused asks before its timers have run. */
  mayBegin(): boolean
  load(position: Position): Promise<PlatformEvent | null>
  /** Something is to be settled, or there is room for more. */
  onChange(): void
  log: Log
}

/** Handles the events of one partition for as long as this instance owns it: each subject in order, side by side. */
export type PartitionWorker = {
  lease: Lease
  /** What to read next; null while there is no room, or nothing to expect. */
  want(): Want | null
  take(events: readonly StoredEvent[]): void
  /** All dead letters of the partition that are to be handled again; those that are in hand are passed over. */
  redeliver(events: readonly StoredEvent[]): void
  collect(): Settlement | null
  /** Begins no event any more. Resolves when none is in hand. @param abandon aborts those that are */
  stop(abandon: boolean): Promise<void>
}

const againMs = 500
/** Until an event that nobody wants to bury is tried again. */
const givenUpMs = 10_000

export function createPartitionWorker(options: WorkerOptions): PartitionWorker {
  const { lease, handover } = options
  const stopping = new AbortController()
  const lost = new AbortController()
  const progress = createProgress(lease, { handled: handover.handled, held: handover.unsettled.length })
  const queues = new Map<string, Entry[]>()
  const running = new Set<Promise<void>>()
  const redelivering = new Set<Position>()
  let cursor = handover.cursor

  function enqueue(entry: Entry): void {
    const queue = queues.get(entry.subject)
    if (queue) {
      // A dead letter goes before newer events of its subject, and behind the one in hand.
      const place = queue.findIndex(({ position }, index) => index > 0 && position > entry.position)
      queue.splice(place < 0 ? queue.length : place, 0, entry)
      return
    }
    const fresh = [entry]
    queues.set(entry.subject, fresh)
    const run = runSubject(entry.subject, fresh).finally(() => running.delete(run))
    running.add(run)
  }

  async function runSubject(subject: string, queue: Entry[]): Promise<void> {
    const context = { ...options, progress, stopping: stopping.signal, lost: lost.signal }
    for (let first = queue[0]; first && !stopping.signal.aborted; first = queue[0]) {
      if (await attempt(context, first)) queue.shift()
      options.onChange()
    }
    if (queue.length === 0) queues.delete(subject)
  }

  for (const { position, subject, attempts, dueAt } of handover.unsettled) {
    enqueue({ ...blank, position, subject, attempts, dueAt, held: true })
  }

  return {
    lease,
    want() {
      const limit = progress.room()
      if (stopping.signal.aborted || limit <= 0 || reached(cursor, handover.upTo)) return null
      return { lease, after: cursor, limit }
    },
    take(events) {
      if (stopping.signal.aborted) return
      for (const { position, event } of events) {
        cursor = position
        const entry: Entry = { ...blank, position, subject: subjectKey(event), event, readAt: Date.now() }
        const wanted = options.covers(event) && (handover.upTo === null || position <= handover.upTo)
        progress.read(entry)
        if (wanted) enqueue(entry)
        else progress.passOver(entry)
      }
    },
    redeliver(events) {
      const wanted = new Set(events.map(({ position }) => position))
      for (const position of redelivering) if (!wanted.has(position)) redelivering.delete(position)
      if (stopping.signal.aborted) return
      for (const { position, event } of events) {
        if (redelivering.has(position)) continue
        redelivering.add(position)
        enqueue({ ...blank, position, subject: subjectKey(event), event, redelivered: true })
      }
    },
    collect: progress.collect,
    async stop(abandon) {
      stopping.abort()
      if (abandon) lost.abort()
      await Promise.all(running)
    },
  }
}

const blank = {
  event: null,
  attempts: 0,
  dueAt: 0,
  readAt: 0,
  done: false,
  held: false,
  redelivered: false,
} satisfies Partial<Entry>

function reached(cursor: Position, upTo: Position | null): boolean {
  return upTo !== null && cursor >= upTo
}

type Attempt = Omit<WorkerOptions, 'handover'> & {
  progress: ReturnType<typeof createProgress>
  stopping: AbortSignal
  lost: AbortSignal
}

/** @returns whether the event is finished with; else it is tried again, or stays for the next owner */
async function attempt(context: Attempt, entry: Entry): Promise<boolean> {
  const { slots, stopping, progress } = context
  const waitMs = entry.dueAt - Date.now()
  if (waitMs > 0) await createWakeup().wait(waitMs, stopping)
  if (!(await slots.acquire(stopping))) return false
  try {
    if (stopping.aborted) return false
    if (!context.mayBegin()) return pauseEntry(entry)
    entry.event ??= await loadEvent(context, entry)
    if (!entry.event) return entry.done
    await context.handle(entry.event, context.lost, entry.position)
    progress.finish(entry, null)
    return true
  } catch (error) {
    return failed(context, entry, error)
  } finally {
    slots.release()
  }
}

function pauseEntry(entry: Entry): false {
  entry.dueAt = Date.now() + againMs
  return false
}

async function loadEvent(
  { load, progress, group, log }: Attempt,
  entry: Entry,
): Promise<PlatformEvent | null> {
  try {
    const event = await load(entry.position)
    if (event) return event
    log.error({ group, position: entry.position }, 'an event that waited for its turn is no longer kept')
    progress.finish(entry, null)
  } catch (error) {
    log.warn({ err: error, group }, 'an event could not be read; trying again')
    pauseEntry(entry)
  }
  return null
}

function failed(context: Attempt, entry: Entry, error: unknown): boolean {
  const { progress, retryDelaysMs, lost, group, log } = context
  const { event, position } = entry
  if (lost.aborted || !event) return false
  entry.attempts += 1
  const { attempts } = entry
  const delayMs = retryDelaysMs[attempts - 1]
  log.warn({ err: error, group, event: event.id, attempts, delayMs }, 'an event could not be handled')
  if (delayMs !== undefined) {
    entry.dueAt = Date.now() + delayMs
    progress.postpone(entry)
    return false
  }
  if (!context.giveUp(event, error)) {
    entry.dueAt = Date.now() + givenUpMs
    return false
  }
  progress.finish(entry, { position, event, error: describe(error), attempts })
  log.error({ err: error, group, event: event.id, attempts }, 'an event became a dead letter')
  return true
}

/** PostgreSQL's text has no room for the character NUL. */
function describe(error: unknown): string {
  const text =
    error instanceof Error || hasStack(error) ? String(error.stack ?? error.message) : String(error)
  return text.replaceAll('\0', '').slice(0, 10_000)
}

function hasStack(error: unknown): error is { stack: unknown; message: unknown } {
  return typeof error === 'object' && error !== null && 'stack' in error && 'message' in error
}
