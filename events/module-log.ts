import type { Close } from '../foundation/closing.ts'
import type { Log } from '../foundation/log.ts'
import type { Bus } from './bus.ts'
import type { NewEvent, PlatformEvent } from './platform-event.ts'

/** A module's event log: what its mutations wrote, in the order in which readers see it. */
export type ModuleLog<Transaction> = {
  /**
   * Runs `work` in one database transaction: state through `tx`, events through `append`; both or neither. Wakes the
   * relay after the commit. Change the state before you append its event: the lock on its row is what keeps the events
   * of one subject in order.
   */
  transaction<T>(work: (tx: Transaction, append: Append) => Promise<T>): Promise<T>
  /**
   * Positioned entries of one client after a cursor (null: from the oldest kept), oldest first.
   * @throws {TrellisError} CURSOR_INVALID, CURSOR_EXPIRED
   */
  read(stream: LogStream, after: string | null, limit: number): Promise<LogEntry[]>
  /**
   * History after the cursor, then live; without a cursor, live from now on. Each entry once, in order. Lasts through
   * the database's absence; ends with the signal, and with the generator's `return()`, also while it waits.
   * @throws {TrellisError} CURSOR_INVALID, CURSOR_EXPIRED, from the first `next()`
   */
  tail(stream: LogStream, after: string | null, signal: AbortSignal): AsyncGenerator<LogEntry>
  close: Close
}

/** Adds an event to the transaction; it exists when the transaction has committed. Returns it as readers will see it. */
export type Append = (event: NewEvent) => Promise<PlatformEvent>

export type LogStream = {
  /** Names the subscription the cursor belongs to: `recordChanged:orders`. A cursor of another stream is refused. */
  name: string
  client: string
  /** Which event types. */
  types: readonly string[]
}

export type LogEntry = { cursor: string; event: PlatformEvent }

/** What the log needs of a module's Prisma transaction. */
export type LogTransaction = {
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>
}

export type ModuleLogOptions<Transaction extends LogTransaction> = {
  /** The module's Prisma client. */
  db: { $transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> }
  /** The module's own database, for the connections that Prisma cannot give: LISTEN, and the relay's lock. */
  databaseUrl: string
  /** The module's name: the `source` of its events. */
  source: string
  bus: Bus
  log: Log
}

export async function openModuleLog<Transaction extends LogTransaction>(
  options: ModuleLogOptions<Transaction>,
): Promise<ModuleLog<Transaction>> {
  throw new Error(`The log of ${options.source} is being written.`)
}
