import { z } from 'zod'
import { ConfigError, parseConfig } from '../foundation/config.ts'
import { createLog } from '../foundation/log.ts'
import type { Env, RunningService } from '../foundation/service.ts'
import { createSupergraphGateway } from './create-supergraph-gateway.ts'
import { listeningSettings, startListening } from './listening.ts'
import { readSocketLimits } from './ws/socket-limit-settings.ts'

const supergraphSettings = z.object({
  ...listeningSettings,
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
  return startListening(gateway, config, log)
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
