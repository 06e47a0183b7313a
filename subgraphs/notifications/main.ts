import { z } from 'zod'
import { parseConfig } from '../../foundation/config.ts'
import { type Env, type RunningService, runService } from '../../foundation/service.ts'
import { PrismaClient } from '../../prisma/generated/notifications/client.ts'
import { connectDatabase } from '../connect-database.ts'
import { moduleSettings } from '../module-settings.ts'
import { startModule } from '../start-module.ts'
import { createNotificationsModule } from './create-notifications-module.ts'
import type { NotificationsContext, NotificationsTransaction } from './notifications-module.ts'

/** Starts the notifications module. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(env: Env): Promise<RunningService> {
  const settings = parseConfig(z.object(moduleSettings), env)
  return startModule<NotificationsTransaction, PrismaClient, NotificationsContext>({
    name: 'notifications',
    settings,
    openDatabase: () =>
      connectDatabase('notifications', settings.DATABASE_URL, (options) => new PrismaClient(options)),
    createModule: createNotificationsModule,
  })
}

if (import.meta.main) await runService('notifications', start)
