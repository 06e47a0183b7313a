import { z } from 'zod'
import { openBus } from '../../events/bus/open-bus.ts'
import { parseConfig } from '../../foundation/config.ts'
import { createLog } from '../../foundation/log.ts'
import { type SealingKeys, sealingKey } from '../../foundation/sealed-text.ts'
import { type Env, type RunningService, runService, type StartOptions } from '../../foundation/service.ts'
import { clientOptions } from '../../prisma/client-options.ts'
import { PrismaClient } from '../../prisma/generated/lambdas/client.ts'
import { migrate } from '../../prisma/migrate.ts'
import { createLambdaHost, type HostGround, type LambdaHostOptions } from './create-lambda-host.ts'
import { createEgress } from './egress/create-egress.ts'
import { readAddressBlocks } from './egress/public-address.ts'
import { defaultPool } from './isolate-pool.ts'

const settingsSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.url(),
  TRELLIS_GATEWAY_URL: z.url(),
  TRELLIS_MODULE_CREDENTIAL: z.string().min(16),
  TRELLIS_MODULE_URL: z.url().optional(),
  /** The event bus. Without it plugins emit no events, and handle none. */
  TRELLIS_BUS_URL: z.url().optional(),
  /** Seals the secrets of plugins: 32 bytes, in base64. What it sealed is lost without it. */
  TRELLIS_SECRETS_KEY: sealingKey,
  /** Opens what was sealed before; at the start that is sealed anew. */
  TRELLIS_SECRETS_KEY_PREVIOUS: sealingKey.optional(),
  /** Addresses that plugins may call though they are not of the public internet, for development: `127.0.0.1,10.0.0.0/8`. */
  TRELLIS_EGRESS_ALLOW: z.string().default('').transform(readBlocks),
  /** Processes that run plugins; each client is always in the same one. */
  TRELLIS_ISOLATE_PROCESSES: z.coerce.number().int().min(1).max(64).default(defaultPool.shared),
  /** Heap of all warm isolates of one such process, megabytes; beyond that the least used are let go. */
  TRELLIS_ISOLATE_MEMORY_MB: z.coerce.number().int().min(64).default(defaultPool.process.memoryMb),
  /** How long an isolate stays warm that nobody calls. */
  TRELLIS_ISOLATE_IDLE_SECONDS: z.coerce
    .number()
    .min(1)
    .default(defaultPool.process.idleMs / 1_000),
})

export type HostStartOptions = StartOptions & Pick<HostGround, 'handlerRetryDelaysMs'>

/** Starts the lambda host. @throws {ConfigError}, {MigrationError}, or what listening throws */
export async function start(env: Env, options: HostStartOptions = {}): Promise<RunningService> {
  const settings = parseConfig(settingsSchema, env)
  const databaseUrl = settings.DATABASE_URL
  await migrate('lambdas', databaseUrl)
  const opened = new AsyncDisposableStack()
  try {
    const log = createLog('lambdas', settings.LOG_LEVEL)
    const db = new PrismaClient(clientOptions({ url: databaseUrl, owner: 'lambdas' }))
    opened.defer(() => db.$disconnect())
    const busUrl = settings.TRELLIS_BUS_URL
    const bus = busUrl === undefined ? null : await openBus({ url: busUrl, log })
    if (bus) opened.defer(bus.close)
    const egress = createEgress({ allows: settings.TRELLIS_EGRESS_ALLOW })
    const { inProcess, ...rest } = options
    const ground = { ...rest, db, databaseUrl, bus, egress, secretsKeys: secretsKeysOf(settings) }
    const host = await createLambdaHost(ground, {
      host: settings.HOST,
      port: settings.PORT,
      publicUrl: settings.TRELLIS_MODULE_URL,
      gatewayUrl: settings.TRELLIS_GATEWAY_URL,
      credential: settings.TRELLIS_MODULE_CREDENTIAL,
      inProcess,
      pool: poolOf(settings),
      log,
    })
    opened.defer(host.close)
    return { url: host.url, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

function secretsKeysOf(settings: z.infer<typeof settingsSchema>): SealingKeys {
  const { TRELLIS_SECRETS_KEY: key, TRELLIS_SECRETS_KEY_PREVIOUS: previous } = settings
  return previous ? [key, previous] : [key]
}

function poolOf(settings: z.infer<typeof settingsSchema>): LambdaHostOptions['pool'] {
  const memoryMb = settings.TRELLIS_ISOLATE_MEMORY_MB
  const idleMs = settings.TRELLIS_ISOLATE_IDLE_SECONDS * 1_000
  // Beside the heaps there is what the engine keeps for itself, and what built-ins allocate before they are ended.
  const process = { ...defaultPool.process, memoryMb, idleMs, residentMb: memoryMb * 2 }
  return { ...defaultPool, shared: settings.TRELLIS_ISOLATE_PROCESSES, process }
}

function readBlocks(text: string, context: z.RefinementCtx): (address: string) => boolean {
  try {
    return readAddressBlocks(text.split(',').flatMap((block) => block.trim() || []))
  } catch {
    // The library says of a bad address no more than that it is one.
    context.addIssue('is not a list of addresses and blocks of them, such as 127.0.0.1,10.0.0.0/8')
    return z.NEVER
  }
}

if (import.meta.main) await runService('lambdas', start)
