import { PrismaPg } from '@prisma/adapter-pg'
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQueryable,
  Transaction,
} from '@prisma/driver-adapter-utils'
import { z } from 'zod'
import { RegistryOutage } from './registry-outage.ts'

/**
 * PostgreSQL, of which every failure to reach the server is a RegistryOutage, wherever in an operation it happens, and so
 * is a server that does not answer in time. What the server has to say about a statement stays as it is.
 *
 * @param config `query_timeout`: after which a statement has failed, in milliseconds; the connection is not used again
 */
export function createPlatformAdapter(
  config: ConstructorParameters<typeof PrismaPg>[0],
): SqlDriverAdapterFactory {
  const factory = new PrismaPg(config)
  const { provider, adapterName } = factory
  return { provider, adapterName, connect: async () => tellingAdapter(await told(factory.connect())) }
}

function tellingAdapter(adapter: SqlDriverAdapter): SqlDriverAdapter {
  return {
    ...tellingQueries(adapter),
    executeScript: (script) => told(adapter.executeScript(script)),
    startTransaction: async (level) => tellingTransaction(await told(adapter.startTransaction(level))),
    getConnectionInfo: () => adapter.getConnectionInfo?.() ?? { supportsRelationJoins: true },
    dispose: () => adapter.dispose(),
  }
}

function tellingTransaction(transaction: Transaction): Transaction {
  return {
    ...tellingQueries(transaction),
    options: transaction.options,
    commit: () => told(transaction.commit()),
    rollback: () => told(transaction.rollback()),
  }
}

function tellingQueries(queries: SqlQueryable): SqlQueryable {
  return {
    provider: queries.provider,
    adapterName: queries.adapterName,
    queryRaw: (query) => told(queries.queryRaw(query)),
    executeRaw: (query) => told(queries.executeRaw(query)),
  }
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw isOutage(error) ? new RegistryOutage(error) : error
  }
}

const fromServer = z.object({
  name: z.literal('DriverAdapterError'),
  cause: z.object({ kind: z.string(), originalCode: z.string().optional() }),
})
const unreachable: ReadonlySet<string> = new Set(
  'DatabaseNotReachable ConnectionClosed SocketTimeout TlsConnectionError TooManyConnections'.split(' '),
)
/** SQLSTATE of a connection that fails (08), a server that ends or begins (57P), and one that only reads (25006). */
const serverIsAway = /^(08...|57P0[1-5]|25006)$/

/** A lost connection, and an answer that did not come, is an error without a code: what the server says, the driver gives a kind. */
function isOutage(error: unknown): boolean {
  const said = fromServer.safeParse(error)
  if (!said.success) return error instanceof Error && error.name === 'Error'
  const { kind, originalCode = '' } = said.data.cause
  return unreachable.has(kind) || serverIsAway.test(originalCode)
}
