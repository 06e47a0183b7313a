import { setTimeout as delay } from 'node:timers/promises'
import type { BusOperations, HistoryEntry } from '../../../events/bus/bus-operations.ts'
import { partitionOf } from '../../../events/bus/partition.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Log } from '../../../foundation/log.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import type { IsHandled } from './handled-types.ts'
import { createArrivals, inQueueOf, insertEvents, isFull, type QueueTransaction } from './queue-intake.ts'

/** How events come from the bus into the queues of clients' handlers. */
export type Backlog = {
  /** Durable when it resolves: in the queue, or left on the bus with a note from where on. Repeating an event does no harm. */
  add(entry: HistoryEntry): Promise<void>
  /**
   * An event that is to be handled once more, into the queue; one that is there already, or a dead letter, stays as it is.
   * Waits for room: half of the queue is left to what happens now. @throws the signal's reason
   */
  again(event: PlatformEvent, signal: AbortSignal): Promise<void>
  /** Takes what was left on the bus, oldest first, once a queue is half empty. @returns whether it has got anywhere */
  refill(client: string): Promise<boolean>
}

export type BacklogOptions = {
  db: PrismaClient
  bus: Pick<BusOperations, 'history' | 'latest'>
  isHandled: IsHandled
  log: Log
}

type Mark = {
  partition: number
  beginsAfter: string
  readTo: string
  knownTo: string
  isOpen: boolean
}

/**
 * Of one client so many events wait in the queue, give or take those that come at once. The others stay on the bus, which
 * is durable, too: noted is, for each of its partitions, from where to where.
 */
export const mostQueued = 1_000
const pageSize = 500
const roomEveryMs = 500

export function createBacklog({ db, bus, isHandled, log }: BacklogOptions): Backlog {
  const add = createArrivals<HistoryEntry>(async (client, entries) => {
    await inQueueOf(db, client, async (tx) => {
      const marks = await marksOf(tx, client)
      const fresh = entries.filter((entry) => !isLeft(marks.get(partitionOf(entry.event)), entry))
      await insertEvents(tx, client, fresh)
      const left = entries.filter((entry) => !fresh.includes(entry)).map(noteLeft(marks))
      const begun = fresh.length > 0 && (await isFull(tx, client, mostQueued)) ? fresh.map(begin(marks)) : []
      await saveMarks(tx, client, newestOfEach([...left, ...begun]))
    })
  })

  /** What retention has taken away is lost to the handlers: the oldest that is kept comes next. */
  async function readOn(client: string, after: string): Promise<HistoryEntry[]> {
    const filter = { client, type: null, subject: null }
    const page = { limit: pageSize, newestFirst: false }
    try {
      return await bus.history(filter, { ...page, after })
    } catch (error) {
      if (!(error instanceof TrellisError && error.code === 'CURSOR_EXPIRED')) throw error
      log.error(
        { client },
        'handlers were so far behind that the bus no longer keeps all events they have yet to see',
      )
      return bus.history(filter, { ...page, after: null })
    }
  }

  const addAgain = createArrivals(async (client, entries) => {
    await inQueueOf(db, client, (tx) => insertEvents(tx, client, entries))
  })
  const looks = new Map<string, Promise<boolean>>()
  /** Whoever waits for the same queue looks with the others. */
  function hasRoom(client: string): Promise<boolean> {
    const look =
      looks.get(client) ??
      (async () => {
        const full = await isFull(db, client, mostQueued - pageSize)
        if (full) await delay(roomEveryMs)
        return !full
      })().finally(() => looks.delete(client))
    looks.set(client, look)
    return look
  }

  return {
    add,
    async again(event, signal) {
      while (!(await hasRoom(event.client))) signal.throwIfAborted()
      await addAgain({ event })
    },
    async refill(client) {
      const before = [...(await marksOf(db, client)).values()].filter(({ isOpen }) => isOpen)
      const after = before.map(({ readTo }) => readTo).sort()[0]
      if (after === undefined || (await isFull(db, client, mostQueued - pageSize))) return false
      const newest = await bus.latest()
      const page = await readOn(client, after)
      const handled = await Promise.all(page.map(({ event }) => isHandled(event)))
      const last = page.at(-1)?.position ?? newest
      const end = page.length < pageSize ? later(newest, last) : last
      return inQueueOf(db, client, async (tx) => {
        const marks = await marksOf(tx, client)
        // Another copy has taken over, and has read it already.
        if (before.some((mark) => marks.get(mark.partition)?.readTo !== mark.readTo)) return true
        const wanted = page.filter((entry, index) => {
          const mark = marks.get(partitionOf(entry.event))
          return handled[index] && mark?.isOpen && entry.position > mark.readTo
        })
        await insertEvents(tx, client, wanted)
        const open = [...marks.values()].filter(({ isOpen }) => isOpen)
        await saveMarks(tx, client, open.map(readUpTo(end)))
        return true
      })
    },
  }
}

/** Whether it is for `refill` to take, or was taken by it. */
function isLeft(mark: Mark | undefined, { position }: HistoryEntry): boolean {
  return mark !== undefined && mark.beginsAfter < position && (mark.isOpen || position <= mark.readTo)
}

function noteLeft(marks: ReadonlyMap<number, Mark>): (entry: HistoryEntry) => Mark {
  return ({ position, event }) => {
    const mark = marks.get(partitionOf(event)) ?? beginning(partitionOf(event), position)
    return { ...mark, knownTo: later(mark.knownTo, position) }
  }
}

/** What comes behind this one stays on the bus. */
function begin(marks: ReadonlyMap<number, Mark>): (entry: HistoryEntry) => Mark {
  return ({ position, event }) => {
    const mark = marks.get(partitionOf(event))
    if (mark?.isOpen) return mark
    return beginning(partitionOf(event), later(mark?.readTo ?? position, position))
  }
}

function beginning(partition: number, place: string): Mark {
  return { partition, beginsAfter: place, readTo: place, knownTo: place, isOpen: true }
}

function readUpTo(end: string): (mark: Mark) => Mark {
  return (mark) => {
    const readTo = later(mark.readTo, end)
    return { ...mark, readTo, isOpen: mark.knownTo > readTo }
  }
}

function newestOfEach(marks: readonly Mark[]): Mark[] {
  const newest = new Map<number, Mark>()
  for (const mark of marks) {
    const other = newest.get(mark.partition)
    if (!other || other.knownTo < mark.knownTo) newest.set(mark.partition, mark)
  }
  return [...newest.values()]
}

function later(one: string, other: string): string {
  return one > other ? one : other
}

async function marksOf(
  db: Pick<QueueTransaction, 'handlerBacklog'>,
  client: string,
): Promise<ReadonlyMap<number, Mark>> {
  const rows = await db.handlerBacklog.findMany({ where: { client } })
  return new Map(rows.map((row) => [row.partition, row]))
}

async function saveMarks(tx: QueueTransaction, client: string, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  await tx.$executeRaw`
    INSERT INTO handler_backlog (client, partition, begins_after, read_to, known_to, is_open)
    SELECT ${client}, partition, "beginsAfter", "readTo", "knownTo", "isOpen"
    FROM jsonb_to_recordset(${JSON.stringify(marks)}::jsonb)
      AS mark(partition smallint, "beginsAfter" text, "readTo" text, "knownTo" text, "isOpen" boolean)
    ON CONFLICT (client, partition) DO UPDATE SET begins_after = excluded.begins_after, read_to = excluded.read_to,
      known_to = excluded.known_to, is_open = excluded.is_open`
}
