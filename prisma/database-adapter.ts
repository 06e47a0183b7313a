import { PrismaPg } from '@prisma/adapter-pg'
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQueryable,
  Transaction,
} from '@prisma/driver-adapter-utils'
import { Pool } from 'pg'
import { z } from 'zod'
import { DatabaseOutage } from './database-outage.ts'

export type AdapterOptions = {
  /** A PostgreSQL URL. */
  url: string
  /** Seen in `pg_stat_activity`. */
  name: string
  /** For a connection, also where all are in use, in ms. */
  connectsWithinMs: number
  /** After which a statement has failed, and its connection is given up, in ms. */
  answersWithinMs: number
}

/**
 * PostgreSQL, of which every failure to reach the server is a DatabaseOutage, wherever in an operation it happens, and so
 * is a server that does not answer in time. What the server has to say about a statement stays as it is.
 */
export function createDatabaseAdapter(options: AdapterOptions): SqlDriverAdapterFactory {
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.name,
    connectionTimeoutMillis: options.connectsWithinMs,
    query_timeout: options.answersWithinMs,
  })
  // Where a transaction was given up it is still open: whoever was lent the connection next would write into it.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I') client.end()
  })
  const factory = new PrismaPg(pool, { disposeExternalPool: true })
  const { provider, adapterName } = factory
  return { provider, adapterName, connect: async () => tellingAdapter(await factory.connect()) }
}

/** Asks the server. @throws {DatabaseOutage}, and what the server says */
type Tell = <T>(ask: () => Promise<T>) => Promise<T>

function tellingAdapter(adapter: SqlDriverAdapter): SqlDriverAdapter {
  return {
    ...tellingQueries(adapter, tell),
    executeScript: (script) => tell(() => adapter.executeScript(script)),
    startTransaction: async (level) => tellingTransaction(await tell(() => adapter.startTransaction(level))),
    getConnectionInfo: () => adapter.getConnectionInfo?.() ?? { supportsRelationJoins: true },
    dispose: () => adapter.dispose(),
  }
}

function tellingTransaction(transaction: Transaction): Transaction {
  let outage: DatabaseOutage | undefined
  // Nobody waits until a server that does not answer has taken note of its end.
  const tellOnce: Tell = async (ask) => {
    if (outage) throw outage
    try {
      return await tell(ask)
    } catch (error) {
      if (error instanceof DatabaseOutage) outage = error
      throw error
    }
  }
  return {
    ...tellingQueries(transaction, tellOnce),
    options: transaction.options,
    commit: () => tell(() => transaction.commit()),
    rollback: () => tell(() => transaction.rollback()),
  }
}

function tellingQueries(queries: SqlQueryable, tell: Tell): SqlQueryable {
  return {
    provider: queries.provider,
    adapterName: queries.adapterName,
    queryRaw: (query) => tell(() => queries.queryRaw(query)),
    executeRaw: (query) => tell(() => queries.executeRaw(query)),
  }
}

async function tell<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw isAway(error) ? new DatabaseOutage(error) : error
  }
}

const fromServer = z.object({
  name: z.literal('DriverAdapterError'),
  cause: z.object({ kind: z.string(), originalCode: z.string().optional() }),
})
const unreachable: ReadonlySet<string> = new Set(
  'DatabaseNotReachable ConnectionClosed SocketTimeout TlsConnectionError TooManyConnections'.split(' '),
)
/**
 * SQLSTATE of a connection that fails (08), a server without room (53), one that ends or begins (57P), that only reads (25006),
 * and whose own limits of time ended a statement (57014, 55P03) or a transaction (25P03, 25P04).
 */
const serverIsAway = /^(08...|53...|57P0[1-5]|25006|57014|55P03|25P0[34])$/

/** A lost connection, and an answer that did not come, is an error without a code: what the server says, the driver gives a kind. */
function isAway(error: unknown): boolean {
  const said = fromServer.safeParse(error)
  // An AggregateError: none of the addresses of a host answers.
  if (!said.success) return Error.isError(error) && /^(Aggregate)?Error$/.test(error.name)
  const { kind, originalCode = '' } = said.data.cause
  return unreachable.has(kind) || serverIsAway.test(originalCode)
}
