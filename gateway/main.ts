import { z } from 'zod'
import { parseConfig } from '../foundation/config.ts'
import { createLog } from '../foundation/log.ts'
import { type Env, type RunningService, runService } from '../foundation/service.ts'
import { migrate } from '../prisma/migrate.ts'
import { createGateway } from './create-gateway.ts'
import { pluginSubgraph } from './supergraph/compose-for-client.ts'

const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** The gateway's own PostgreSQL database. */
  DATABASE_URL: z.string(),
  /** Who may register: `users=<secret>,data=<secret>`. */
  TRELLIS_MODULE_CREDENTIALS: z.string().transform(readCredentials),
})

const shortestCredential = 16

export async function start(env: Env): Promise<RunningService> {
  const config = parseConfig(settings, env)
  const log = createLog('gateway', config.LOG_LEVEL)
  await migrate('platform', config.DATABASE_URL)
  const gateway = await createGateway({
    databaseUrl: config.DATABASE_URL,
    moduleCredentials: config.TRELLIS_MODULE_CREDENTIALS,
    log,
  })
  try {
    const url = await gateway.listen({ host: config.HOST, port: config.PORT })
    log.info({ url }, 'listening')
    return { url, close: gateway.close }
  } catch (error) {
    await gateway.close()
    throw error
  }
}

function readCredentials(text: string, context: z.RefinementCtx): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>()
  for (const entry of text.split(',')) {
    const [, name, secret] = /^\s*([a-z][a-z0-9_-]*)=(\S+)\s*$/.exec(entry) ?? []
    if (name === undefined || secret === undefined || name === pluginSubgraph || credentials.has(name)) {
      context.addIssue('is not a list of the form users=<secret>,data=<secret> with each module once')
      return z.NEVER
    }
    if (secret.length < shortestCredential) {
      context.addIssue(`the credential of ${name} is shorter than ${shortestCredential} characters`)
      return z.NEVER
    }
    credentials.set(name, secret)
  }
  return credentials
}

if (import.meta.main) await runService('gateway', start)
