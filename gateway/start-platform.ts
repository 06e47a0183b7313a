import { z } from 'zod'
import { parseConfig } from '../foundation/config.ts'
import { createLog } from '../foundation/log.ts'
import type { Env, RunningService, StartOptions } from '../foundation/service.ts'
import { migrate } from '../prisma/migrate.ts'
import { pluginSubgraph } from './composition/compose-for-client.ts'
import { createGateway } from './create-gateway.ts'
import { listeningSettings, startListening } from './listening.ts'
import { type ModuleAddresses, readModuleAddresses } from './registry/module-addresses.ts'
import { ownModule } from './registry/own-module.ts'
import { readSocketLimits } from './ws/socket-limit-settings.ts'

const settings = z.object({
  ...listeningSettings,
  /** The gateway's own PostgreSQL database. */
  DATABASE_URL: z.string(),
  /** Where the last state of the registry is kept, for a start while its database is away. */
  TRELLIS_STATE_FILE: z.string().optional(),
  /** The event bus, for operators: `postgresql://…` of the database `bus`, or `redis://…`. */
  TRELLIS_BUS_URL: z.url().optional(),
  /** Who may register: `users=<secret>,data=<secret>`. */
  TRELLIS_MODULE_CREDENTIALS: z.string().transform(readCredentials),
  /** From where: `users=10.0.0.0/8|users.internal,data=*.svc.cluster.local`. A module that is not named: from anywhere. */
  TRELLIS_MODULE_ADDRESSES: z.string().optional().transform(readAddresses),
})

const shortestCredential = 16
/** Subgraphs that are no module. */
const reserved: ReadonlySet<string> = new Set([pluginSubgraph, ownModule.name])

export async function startPlatform(env: Env, { inProcess }: StartOptions = {}): Promise<RunningService> {
  const config = parseConfig(settings, env)
  const log = createLog('gateway', config.LOG_LEVEL)
  const gateway = await createGateway({
    databaseUrl: config.DATABASE_URL,
    migrate: async () => {
      await migrate('platform', config.DATABASE_URL)
    },
    stateFile: config.TRELLIS_STATE_FILE,
    moduleCredentials: config.TRELLIS_MODULE_CREDENTIALS,
    moduleAddresses: config.TRELLIS_MODULE_ADDRESSES,
    busUrl: config.TRELLIS_BUS_URL,
    inProcess,
    limits: readSocketLimits(config),
    log,
  })
  return startListening(gateway, config, log)
}

function readCredentials(text: string, context: z.RefinementCtx): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>()
  for (const entry of text.split(',')) {
    const [, name, secret] = /^\s*([a-z][a-z0-9_-]*)=(\S+)\s*$/.exec(entry) ?? []
    if (name === undefined || secret === undefined || reserved.has(name) || credentials.has(name)) {
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

function readAddresses(text: string | undefined, context: z.RefinementCtx): ModuleAddresses | undefined {
  if (text === undefined) return undefined
  const addresses = readModuleAddresses(text)
  if (addresses) return addresses
  context.addIssue('is not a list of the form users=10.0.0.0/8|users.internal,data=*.internal')
  return z.NEVER
}
