import type { Prisma } from '../../prisma/generated/platform/client.ts'
import { PrismaClient } from '../../prisma/generated/platform/client.ts'
import { createPlatformAdapter } from './platform-adapter.ts'

/** The gateway's own database, `platform`; while it is away all of it throws `RegistryOutage`. Close it with `$disconnect()`. */
export type PlatformDatabase = PrismaClient
export type PlatformTransaction = Prisma.TransactionClient

/** No statement takes as long, but one that waits for its turn among changes: of a server that does not answer nobody knows more later. */
const answersWithinMs = 8_000

/** @param url a PostgreSQL URL; the migrations of the owner `platform` have been applied to it */
export function openPlatformDatabase(url: string): PlatformDatabase {
  return new PrismaClient({
    adapter: createPlatformAdapter({
      connectionString: url,
      max: 10,
      connectionTimeoutMillis: 5_000,
      query_timeout: answersWithinMs,
    }),
    // Longer than that: who waits for a transaction is told why it does not begin.
    transactionOptions: { maxWait: answersWithinMs + 2_000 },
  })
}
