import type { Bus } from '../events/bus/bus.ts'
import { openBus } from '../events/bus/open-bus.ts'
import type { LogTransaction } from '../events/log/insert-events.ts'
import { type ModuleLog, openModuleLog } from '../events/log/module-log.ts'
import type { Close } from '../foundation/closing.ts'
import { createLog, type Log } from '../foundation/log.ts'
import type { RunningService } from '../foundation/service.ts'
import { createSubgraph, type SubgraphModule } from './create-subgraph.ts'
import { type Cursors, createCursors } from './cursors.ts'
import type { ModuleSettings } from './module-settings.ts'

/** What every module stands on. */
export type ModuleGround<Database, Transaction> = {
  db: Database
  events: ModuleLog<Transaction>
  bus: Bus
  cursors: Cursors
  log: Log
}

export type ModuleStart<Database, Transaction extends LogTransaction, Context extends object> = {
  name: string
  settings: ModuleSettings
  openDatabase(): Promise<{ db: Database; close: Close }>
  /** Builds the module on its ground. What it opens itself, it hands to `closeLater`. */
  createModule(
    ground: ModuleGround<Database, Transaction>,
    closeLater: (close: Close) => void,
  ): Promise<SubgraphModule<Context>>
}

/**
 * A module from its settings to its address: database, bus, event log, then the subgraph over them. Closing goes
 * backwards: no calls any more, then no events, then no database. A start that fails closes what it had opened.
 */
export async function startModule<
  Transaction extends LogTransaction,
  Database extends { $transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> },
  Context extends object,
>({
  name,
  settings,
  openDatabase,
  createModule,
}: ModuleStart<Database, Transaction, Context>): Promise<RunningService> {
  const opened = new AsyncDisposableStack()
  try {
    const log = createLog(name, settings.LOG_LEVEL)
    const database = await openDatabase()
    opened.defer(database.close)
    const bus = await openBus({ url: settings.TRELLIS_BUS_URL, log })
    opened.defer(bus.close)
    const { db } = database
    const databaseUrl = settings.DATABASE_URL
    const events = await openModuleLog<Transaction>({ db, databaseUrl, source: name, bus, log })
    opened.defer(events.close)
    const cursors = createCursors(settings.TRELLIS_MODULE_CREDENTIAL)
    const module = await createModule({ db, events, bus, cursors, log }, (close) => opened.defer(close))
    const subgraph = await createSubgraph(module, {
      host: settings.HOST,
      port: settings.PORT,
      publicUrl: settings.TRELLIS_MODULE_URL,
      gatewayUrl: settings.TRELLIS_GATEWAY_URL,
      credential: settings.TRELLIS_MODULE_CREDENTIAL,
      log,
    })
    opened.defer(subgraph.close)
    return { url: subgraph.url, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
