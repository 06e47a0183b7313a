import { PrismaPg } from '@prisma/adapter-pg'
import type { Close } from '../../../foundation/closing.ts'
import { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import { createTestDatabase } from '../../support/database.ts'

/** The lambda host's own database, on the real server. */
export async function openLambdasDatabase(): Promise<{ db: PrismaClient; url: string; close: Close }> {
  const { url, drop } = await createTestDatabase('lambdas')
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  return {
    db,
    url,
    async close() {
      await db.$disconnect()
      await drop()
    },
  }
}
