import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { createDatabaseAdapter } from './database-adapter.ts'
import type { Owner } from './owners.ts'

export type DatabaseAddress = {
  /** A PostgreSQL URL; the owner's migrations have been applied to it. */
  url: string
  owner: Owner
  /** After which a statement, or a transaction without a limit of its own, has failed, in ms. @default 8,000 */
  answersWithinMs?: number
}

export type ClientOptions = {
  adapter: SqlDriverAdapterFactory
  transactionOptions: { maxWait: number; timeout: number }
}

const connectsWithinMs = 5_000
/** Less than the gateway waits for a module. Of a server that does not answer by then nobody knows more later. */
const defaultAnswersWithinMs = 8_000

/** `new PrismaClient(clientOptions(…))`: while the database is away or overloaded, all of it throws what `isOutage` says. */
export function clientOptions({
  url,
  owner,
  answersWithinMs = defaultAnswersWithinMs,
}: DatabaseAddress): ClientOptions {
  return {
    adapter: createDatabaseAdapter({
      url,
      name: `trellis-${owner}`,
      connectsWithinMs,
      answersWithinMs,
    }),
    transactionOptions: {
      // Longer than both: who waits for a transaction is told why it does not begin.
      maxWait: connectsWithinMs + answersWithinMs + 1_000,
      timeout: answersWithinMs,
    },
  }
}
