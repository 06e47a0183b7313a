import type { PrismaClient } from '../../prisma/generated/analytics/client.ts'
import type { Call } from '../call.ts'
import type { ActivityLoader } from './activity-loader.ts'

/** What every resolver of the analytics module has: the call it answers, its loader, and the database. */
export type AnalyticsContext = Call & {
  db: PrismaClient
  activity: ActivityLoader
  /** What "now" is for all of one operation, so that its default ranges are one range. */
  answeredAt: Date
}
