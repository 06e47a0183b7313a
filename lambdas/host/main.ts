import { PrismaPg } from '@prisma/adapter-pg'
import { z } from 'zod'
import { parseConfig } from '../../foundation/config.ts'
import { createLog } from '../../foundation/log.ts'
import { type Env, type RunningService, runService } from '../../foundation/service.ts'
import { PrismaClient } from '../../prisma/generated/lambdas/client.ts'
import { migrate } from '../../prisma/migrate.ts'
import { createBuildStore } from './build-store.ts'
import { createLambdaHost } from './create-lambda-host.ts'

const settingsSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.url(),
  TRELLIS_GATEWAY_URL: z.url(),
  TRELLIS_MODULE_CREDENTIAL: z.string().min(16),
  TRELLIS_MODULE_URL: z.url().optional(),
})

/** Starts the lambda host. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(env: Env): Promise<RunningService> {
  const settings = parseConfig(settingsSchema, env)
  await migrate('lambdas', settings.DATABASE_URL)
  const db = new PrismaClient({
    adapter: new PrismaPg({ connectionString: settings.DATABASE_URL, application_name: 'trellis-lambdas' }),
  })
  const host = await createLambdaHost(createBuildStore(db), {
    host: settings.HOST,
    port: settings.PORT,
    publicUrl: settings.TRELLIS_MODULE_URL,
    gatewayUrl: settings.TRELLIS_GATEWAY_URL,
    credential: settings.TRELLIS_MODULE_CREDENTIAL,
    log: createLog('lambdas', settings.LOG_LEVEL),
  })
  return {
    url: host.url,
    async close() {
      await host.close()
      await db.$disconnect()
    },
  }
}

if (import.meta.main) await runService('lambdas', start)
