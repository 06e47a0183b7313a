import { z } from 'zod'
import { parseConfig } from '../../foundation/config.ts'
import { type SealingKeys, sealingKey } from '../../foundation/sealed-text.ts'
import { type Env, type RunningService, runService } from '../../foundation/service.ts'
import { PrismaClient } from '../../prisma/generated/users/client.ts'
import { connectDatabase } from '../connect-database.ts'
import { moduleSettings } from '../module-settings.ts'
import { startModule } from '../start-module.ts'
import { createUsersModule } from './create-users-module.ts'
import type { UsersContext, UsersTransaction } from './users-module.ts'

const usersSettings = z.object({
  ...moduleSettings,
  /** Encrypts e-mail addresses and phone numbers: 32 bytes, in base64. */
  TRELLIS_FIELD_KEY: sealingKey,
  /** Opens what was encrypted before; that is encrypted anew from the start on. */
  TRELLIS_FIELD_KEY_PREVIOUS: sealingKey.optional(),
})

export type UsersStartOptions = { /** The clock. @default the machine's */ now?: () => Date }

/** Starts the users module. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(
  env: Env,
  { now = () => new Date() }: UsersStartOptions = {},
): Promise<RunningService> {
  const settings = parseConfig(usersSettings, env)
  const { TRELLIS_FIELD_KEY: key, TRELLIS_FIELD_KEY_PREVIOUS: previous } = settings
  const fieldKeys: SealingKeys = previous ? [key, previous] : [key]
  return startModule<UsersTransaction, PrismaClient, UsersContext>({
    name: 'users',
    settings,
    openDatabase: () =>
      connectDatabase('users', settings.DATABASE_URL, (options) => new PrismaClient(options)),
    createModule: (ground, closeLater) => createUsersModule({ ground, fieldKeys, now }, closeLater),
  })
}

if (import.meta.main) await runService('users', start)
