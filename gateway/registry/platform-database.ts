import type { Prisma } from '../../prisma/generated/platform/client.ts'
import { PrismaClient } from '../../prisma/generated/platform/client.ts'
import { createPlatformAdapter } from './platform-adapter.ts'

/** The gateway's own database, `platform`; while it is away all of it throws `RegistryOutage`. Close it with `$disconnect()`. */
export type PlatformDatabase = PrismaClient
export type PlatformTransaction = Prisma.TransactionClient

/** @param url a PostgreSQL URL; the migrations of the owner `platform` have been applied to it */
export function openPlatformDatabase(url: string): PlatformDatabase {
  return new PrismaClient({
    adapter: createPlatformAdapter({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000 }),
  })
}
