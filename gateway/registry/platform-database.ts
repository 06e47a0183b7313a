import { clientOptions } from '../../prisma/client-options.ts'
import type { Prisma } from '../../prisma/generated/platform/client.ts'
import { PrismaClient } from '../../prisma/generated/platform/client.ts'

/** The gateway's own database, `platform`. Close it with `$disconnect()`. */
export type PlatformDatabase = PrismaClient
export type PlatformTransaction = Prisma.TransactionClient

/** @param url a PostgreSQL URL; the migrations of the owner `platform` have been applied to it */
export function openPlatformDatabase(url: string): PlatformDatabase {
  return new PrismaClient(clientOptions({ url, owner: 'platform' }))
}
