import type { Pool } from 'pg'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { createTurns } from '../../foundation/turns.ts'
import type { Bus } from '../bus/bus.ts'
import { type EventCatalogue, readEventCatalogue } from '../catalogue/event-catalogue.ts'
import type { NewEvent, PlatformEvent } from '../catalogue/platform-event.ts'
import { appendedChannel } from '../log-channels.ts'
import { openPool } from '../pool.ts'
import { insertEvents, type LogTransaction } from './insert-events.ts'
import { readLogPage } from './log-page.ts'
import { openLogReader } from './log-reader.ts'
import type { LogEntry, LogStream } from './log-stream.ts'
import { startRelay } from './relay.ts'
import { type Tail, tailLog } from './tail-log.ts'
import { defaultRetention, type Retention } from './trim-log.ts'

/** A module's event log: what its mutations wrote, in the order in which readers see it. */
export type ModuleLog<Transaction> = {
  /**
   * Runs `work` in one database transaction: state through `tx`, events through `append`; both or neither. Wakes the
   * relay after the commit. Change the state before you append its event: the lock on its row is what keeps the events
   * of one subject in order.
   */
  transaction<T>(
    work: (tx: Transaction, append: Append) => Promise<T>,
    options?: TransactionOptions & { /** @default the module's own */ db?: Transacting<Transaction> },
  ): Promise<T>
  /**
   * Positioned entries of one client and these types (`passes` is not asked) after a cursor (null: from the oldest kept), oldest first.
   * May be fewer than `limit`, where they are large.
   * @throws {TrellisError} CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
   */
  read(stream: LogStream, after: string | null, limit: number): Promise<LogEntry[]>
  /**
   * History after the cursor, then live; without a cursor, live from now on. Each entry that passes once, in order,
   * except for what a subscriber is too slow for (`lagged`). Lasts through the database's absence; ends with the signal, and with the generator's `return()`, also while it waits.
   * @throws {TrellisError} CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED, from the first `next()`
   */
  tail(stream: LogStream, after: string | null, signal: AbortSignal): Tail
  close: Close
}

export type TransactionOptions = {
  /** Of the whole transaction, in ms. @default the client's */
  timeout?: number
}

/** A Prisma client of the module's database. */
export type Transacting<Transaction> = {
  $transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
}

/**
 * Adds an event to the transaction, which writes all of its events last; it exists when the transaction has committed. Returns it as readers will see it.
 * @throws {InvalidEventError} for an event that the catalogue does not know or that does not fit it
 */
export type Append = (event: NewEvent) => Promise<PlatformEvent>

export type ModuleLogOptions<Transaction extends LogTransaction> = {
  db: Transacting<Transaction>
  /** The module's own database, for the connections that Prisma cannot give: LISTEN, and the relay's lock. */
  databaseUrl: string
  /** The module's name: the `source` of its events. */
  source: string
  bus: Bus
  log: Log
  /** What may be appended. @default the platform's, `schema/events/` */
  catalogue?: EventCatalogue
  /** @default 7 days, 1 GiB */
  retention?: Retention
  /**
   * How many events of its types a subscriber that was live may be behind; further behind it skips ahead (`lagged`).
   * @default 10,000
   */
  maxBehind?: number
  /** How old the place of a tail without events may be, in ms. @default 30,000 */
  staleAfterMs?: number
}

const defaultMaxBehind = 10_000
const skipsAtOnce = 2

/**
 * Opens the log in the module's database, and starts a relay for it: every instance of a module has one, one works.
 *
 * @throws when the database cannot be reached now. Later on it may come and go: nothing is lost
 */
export async function openModuleLog<Transaction extends LogTransaction>({
  db,
  databaseUrl,
  source,
  bus,
  log,
  ...options
}: ModuleLogOptions<Transaction>): Promise<ModuleLog<Transaction>> {
  const { retention = defaultRetention, maxBehind = defaultMaxBehind, staleAfterMs } = options
  const catalogue = options.catalogue ?? (await readEventCatalogue())
  const pool = openPool({ databaseUrl, name: `${source} event log`, log })
  const reader = await openLogReader({ databaseUrl, pool, source, log, staleAfterMs }).catch(
    async (error) => {
      await pool.end()
      throw error
    },
  )
  const relay = startRelay({ databaseUrl, source, bus, log, retention })
  const notifyRelays = createNotifier(pool, log)
  const closing = new AbortController()
  const tailing = { reader, pool, source, log, maxBehind, skipping: createTurns(skipsAtOnce) }

  return {
    async transaction(work, { db: through = db, ...options } = {}) {
      const appended: Promise<PlatformEvent>[] = []
      const append: Append = (event) => {
        const written = completeEvent({ source, catalogue }, event)
        // When the work fails first, its own error is the one to report.
        written.catch(() => undefined)
        appended.push(written)
        return written
      }
      const result = await through.$transaction(async (tx) => {
        const outcome = await work(tx, append)
        // An append that nobody awaited must neither miss the commit nor fail unseen.
        await insertEvents(tx, await Promise.all(appended))
        return outcome
      }, options)
      if (appended.length > 0 && !relay.wake()) notifyRelays()
      return result
    },
    async read(stream, after, limit) {
      const { cursors } = reader.life()
      const scope = { client: stream.client, stream: stream.name }
      const position = after === null ? null : cursors.decode(scope, after)
      const page = await readLogPage(pool, source, { ...stream, after: position, upTo: null, limit })
      return page.events.map(({ position, event }) => ({
        cursor: cursors.encode(scope, position),
        event,
        lagged: 0,
      }))
    },
    tail: (stream, after, signal) => tailLog(tailing, { stream, after }, [signal, closing.signal]),
    async close() {
      closing.abort()
      await Promise.all([relay.close(), reader.close()])
      if (!pool.ending) await pool.end()
    },
  }
}

type Appending = { source: string; catalogue: EventCatalogue }

async function completeEvent({ source, catalogue }: Appending, event: NewEvent): Promise<PlatformEvent> {
  const written: PlatformEvent = {
    id: crypto.randomUUID(),
    source,
    time: new Date().toISOString(),
    dataVersion: 1,
    ...event,
  }
  catalogue.check(written)
  return written
}

/**
 * Wakes the relays of other processes, after the commit: NOTIFY inside of the transactions would make them commit one
 * after the other. Commits that come while one is under way share the next.
 */
function createNotifier(pool: Pool, log: Log): () => void {
  let phase: 'idle' | 'sending' | 'again' = 'idle'
  async function send(): Promise<void> {
    do {
      phase = 'sending'
      await pool
        .query(`NOTIFY ${appendedChannel}`)
        .catch((error) => log.debug({ err: error }, 'could not wake the relay; it looks every second'))
    } while (phaseNow() === 'again')
    phase = 'idle'
  }
  const phaseNow = () => phase
  return () => {
    if (phase === 'idle') send()
    else phase = 'again'
  }
}
