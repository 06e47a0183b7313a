import type { FastifyInstance } from 'fastify'
import { decodeJwt } from 'jose'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { gatewayAudience, lambdaAudience, type SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { PluginToken } from '../../schema/plugin-registry.ts'
import type { PluginRegistryView } from '../registry/plugin-registry.ts'
import type { RegisteredClient } from '../registry/registry-state.ts'
import { type ModuleCredentials, requireModule } from './module-credentials.ts'
import { parseInput } from './parse-input.ts'

export type PluginRegistryRouteOptions = {
  credentials: ModuleCredentials
  view: PluginRegistryView
  findClient(slug: string): RegisteredClient | undefined
  sign: SignGatewayToken
}

const longestWaitMs = 25_000

const afterSchema = z.object({ after: z.coerce.number().int().optional() })
const tokenRequestSchema = z.object({ client: z.string(), depth: z.number().int().min(0).max(100) })

/** What the lambda host asks of the registry: the treaty is schema/plugin-registry.ts. */
export function addPluginRegistryRoutes(
  server: FastifyInstance,
  { credentials, view, findClient, sign }: PluginRegistryRouteOptions,
): void {
  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())

  server.get('/registry/plugins', async (request, reply) => {
    requireModule(request, lambdaAudience, credentials)
    const { after = -1 } = parseInput(afterSchema, request.query)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const ends = [closing.signal, gone.signal, AbortSignal.timeout(longestWaitMs)]
    return view.behind(after, AbortSignal.any(ends))
  })

  server.post('/registry/plugin-tokens', async (request) => {
    requireModule(request, lambdaAudience, credentials)
    const { client, depth } = parseInput(tokenRequestSchema, request.body)
    const { plugin, grants } = findClient(client) ?? {}
    if (!plugin || !grants) throw new TrellisError('NOT_FOUND', 'There is no plugin of such a client.')
    const viewer = { kind: 'PLUGIN', client, release: plugin.number, scopes: grants.scopes } as const
    const token = await sign({ viewer, depth }, gatewayAudience)
    const expiresAt = new Date((decodeJwt(token).exp ?? 0) * 1000).toISOString()
    return { token, expiresAt } satisfies PluginToken
  })
}
