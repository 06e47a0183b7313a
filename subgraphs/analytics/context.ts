import type { ModuleLog } from '../../events/log/module-log.ts'
import type { Log } from '../../foundation/log.ts'
import type { Prisma, PrismaClient } from '../../prisma/generated/analytics/client.ts'
import type { Call } from '../call.ts'
import type { ActivityLoader } from './activity-loader.ts'

/** What the process holds for all operations. */
export type AnalyticsResources = {
  db: PrismaClient
  events: ModuleLog<Prisma.TransactionClient>
  log: Log
}

/** What every resolver of the analytics module has: the call it answers, its loader, and what the process holds for all. */
export type AnalyticsContext = Call &
  AnalyticsResources & {
    activity: ActivityLoader
    /** What "now" is for all of one operation, so that its default ranges are one range. */
    answeredAt: Date
  }
