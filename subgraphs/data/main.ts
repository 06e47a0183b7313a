import { z } from 'zod'
import { parseConfig } from '../../foundation/config.ts'
import { type Env, type RunningService, runService } from '../../foundation/service.ts'
import { type Prisma, PrismaClient } from '../../prisma/generated/data/client.ts'
import { connectDatabase } from '../connect-database.ts'
import { moduleSettings } from '../module-settings.ts'
import { oldIdempotencyKeys, startPurging } from '../purge.ts'
import { startModule } from '../start-module.ts'
import type { DataContext } from './context.ts'
import { createDataLoaders } from './loaders.ts'
import { dataResolvers } from './resolvers.ts'
import { createRecordSchemas } from './validation/record-schemas.ts'

/** Starts the data module. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(env: Env): Promise<RunningService> {
  const settings = parseConfig(z.object(moduleSettings), env)
  return startModule<Prisma.TransactionClient, PrismaClient, DataContext>({
    name: 'data',
    settings,
    openDatabase: () =>
      connectDatabase('data', settings.DATABASE_URL, (options) => new PrismaClient(options)),
    async createModule({ db, events, cursors, log }, closeLater) {
      closeLater(startPurging({ db, log, purges: [oldIdempotencyKeys] }))
      const schemas = createRecordSchemas()
      return {
        name: 'data',
        resolvers: dataResolvers,
        createContext: (call) => ({
          ...call,
          db,
          events,
          cursors,
          schemas,
          loaders: createDataLoaders(db, call.viewer),
        }),
      }
    },
  })
}

if (import.meta.main) await runService('data', start)
