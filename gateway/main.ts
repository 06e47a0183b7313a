import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ConfigError, parseConfig } from '../foundation/config.ts'
import { createLog, type Log } from '../foundation/log.ts'
import { type Env, type RunningService, runService } from '../foundation/service.ts'
import { migrate } from '../prisma/migrate.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { createSupergraphGateway } from './create-supergraph-gateway.ts'
import { pluginSubgraph } from './supergraph/compose-for-client.ts'
import { readSocketLimits, socketLimitSettings } from './ws/socket-limit-settings.ts'

const listening = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...socketLimitSettings,
}

const settings = z.object({
  ...listening,
  /** The gateway's own PostgreSQL database. */
  DATABASE_URL: z.string(),
  /** The event bus, for operators: `postgresql://…` of the database `bus`, or `redis://…`. */
  TRELLIS_BUS_URL: z.url().optional(),
  /** Who may register: `users=<secret>,data=<secret>`. */
  TRELLIS_MODULE_CREDENTIALS: z.string().transform(readCredentials),
})

const supergraphSettings = z.object({
  ...listening,
  /** How often the supergraph is looked at. */
  TRELLIS_SUPERGRAPH_POLL_SECONDS: z.coerce.number().min(0.1).max(86_400).default(2),
  /** Sent along when the supergraph is read from a URL: `x-cdn-key: secret, other: value`. */
  TRELLIS_SUPERGRAPH_HEADERS: z.string().default('').transform(readHeaders),
  /** Headers of callers that are passed on to the subgraphs: `authorization, x-tenant`. */
  TRELLIS_FORWARD_HEADERS: z.string().default('').transform(readHeaderNames),
  /** `on`: equal queries to a subgraph, under way at the same moment, are asked once. */
  TRELLIS_DEDUPLICATION: z.enum(['on', 'off']).default('off'),
  /** Where given, callers need a token signed with one of its keys. */
  TRELLIS_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRELLIS_JWT_ISSUER: z.string().optional(),
  TRELLIS_JWT_AUDIENCE: z.string().optional(),
})

const shortestCredential = 16

export async function start(env: Env): Promise<RunningService> {
  const config = parseConfig(settings, env)
  const log = createLog('gateway', config.LOG_LEVEL)
  await migrate('platform', config.DATABASE_URL)
  const gateway = await createGateway({
    databaseUrl: config.DATABASE_URL,
    moduleCredentials: config.TRELLIS_MODULE_CREDENTIALS,
    busUrl: config.TRELLIS_BUS_URL,
    limits: readSocketLimits(config),
    log,
  })
  return listen(gateway, config, log)
}

/** @param supergraph a file's path, or a URL: the gateway alone, for this one supergraph */
export async function startSupergraph(supergraph: string, env: Env): Promise<RunningService> {
  const config = parseConfig(supergraphSettings, env)
  const log = createLog('gateway', config.LOG_LEVEL)
  const gateway = await createSupergraphGateway({
    supergraph,
    supergraphHeaders: config.TRELLIS_SUPERGRAPH_HEADERS,
    pollMs: config.TRELLIS_SUPERGRAPH_POLL_SECONDS * 1000,
    forward: config.TRELLIS_FORWARD_HEADERS,
    jwt: readJwt(config),
    deduplicates: config.TRELLIS_DEDUPLICATION === 'on',
    limits: readSocketLimits(config),
    log,
  })
  return listen(gateway, config, log)
}

async function listen(
  gateway: Gateway,
  { HOST: host, PORT: port }: { HOST: string; PORT: number },
  log: Log,
): Promise<RunningService> {
  try {
    const url = await gateway.listen({ host, port })
    log.info({ url }, 'listening')
    return { url, close: gateway.close }
  } catch (error) {
    await gateway.close()
    throw error
  }
}

function readJwt(config: z.infer<typeof supergraphSettings>) {
  const { TRELLIS_JWKS_URL: jwksUrl, TRELLIS_JWT_ISSUER: issuer, TRELLIS_JWT_AUDIENCE: audience } = config
  if (jwksUrl) return { jwksUrl, issuer, audience }
  if (issuer || audience)
    throw new ConfigError(
      'TRELLIS_JWT_ISSUER, TRELLIS_JWT_AUDIENCE: without TRELLIS_JWKS_URL no token is checked',
    )
  return null
}

const headerName = /^[\w!#$%&'*+.^`|~-]+$/

function readHeaderNames(text: string, context: z.RefinementCtx): string[] {
  const names = splitList(text).map((name) => name.toLowerCase())
  if (names.every((name) => headerName.test(name) && !notForwarded.has(name))) return names
  context.addIssue(`is not a list of header names that can be passed on, such as authorization, x-tenant`)
  return z.NEVER
}

/** They belong to one connection, or describe the body that came with them. */
const notForwarded = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function readHeaders(text: string, context: z.RefinementCtx): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const entry of splitList(text)) {
    const [, name, value] = /^([^:\s]+): *(\S.*)$/.exec(entry) ?? []
    if (name === undefined || value === undefined || !headerName.test(name)) {
      context.addIssue('is not a list of the form x-cdn-key: secret, other: value')
      return z.NEVER
    }
    headers[name.toLowerCase()] = value
  }
  return headers
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
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

function startFromCommandLine(env: Env): Promise<RunningService> {
  const supergraph = readSupergraphOption()
  return supergraph === undefined ? start(env) : startSupergraph(supergraph, env)
}

function readSupergraphOption(): string | undefined {
  try {
    return parseArgs({ options: { supergraph: { type: 'string' } } }).values.supergraph
  } catch (error) {
    throw new ConfigError(`${String(error)}\nUsage: node gateway/main.ts [--supergraph FILE|URL]`)
  }
}

if (import.meta.main) await runService('gateway', startFromCommandLine)
