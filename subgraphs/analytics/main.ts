import { z } from 'zod'
import { parseConfig } from '../../foundation/config.ts'
import { type Env, type RunningService, runService } from '../../foundation/service.ts'
import { clientOptions } from '../../prisma/client-options.ts'
import { type Prisma, PrismaClient } from '../../prisma/generated/analytics/client.ts'
import { connectDatabase } from '../connect-database.ts'
import { moduleSettings } from '../module-settings.ts'
import { startModule } from '../start-module.ts'
import { createActivityLoader } from './activity-loader.ts'
import type { AnalyticsContext } from './context.ts'
import { countedAtOnce, createPlatformCounter } from './count-platform-events.ts'
import { rebuildMeasurements, replacedWithinMs } from './rebuild-measurements.ts'
import { analyticsResolvers } from './resolvers.ts'

/** Starts the analytics module. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(env: Env): Promise<RunningService> {
  const settings = parseConfig(z.object(moduleSettings), env)
  return startModule<Prisma.TransactionClient, PrismaClient, AnalyticsContext>({
    name: 'analytics',
    settings,
    openDatabase: () =>
      connectDatabase('analytics', settings.DATABASE_URL, (options) => new PrismaClient(options)),
    async createModule({ db, events, bus, log }, closeLater) {
      const resources = { db, events, log }
      const url = settings.DATABASE_URL
      const patientDb = new PrismaClient(
        clientOptions({ url, owner: 'analytics', answersWithinMs: replacedWithinMs }),
      )
      closeLater(() => patientDb.$disconnect())
      const leave = await bus.subscribe({
        group: 'analytics',
        concurrency: countedAtOnce,
        handle: createPlatformCounter(resources),
        replay: rebuildMeasurements({ ...resources, patientDb }),
      })
      closeLater(leave)
      return {
        name: 'analytics',
        resolvers: analyticsResolvers,
        createContext: (call) => ({
          ...call,
          ...resources,
          activity: createActivityLoader(db, call.viewer.client),
          answeredAt: new Date(),
        }),
      }
    },
  })
}

if (import.meta.main) await runService('analytics', start)
