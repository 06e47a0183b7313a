import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { formatError } from 'graphql'
import { createRemoteJWKSet, decodeJwt } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import {
  type GatewayTokenClaims,
  lambdaAudience,
  verifyGatewayToken,
} from '../../foundation/gateway-token.ts'
import type { Log } from '../../foundation/log.ts'
import type { PluginCall } from './run-plugin.ts'

/** Who sends a request, proven by the gateway. @throws {TrellisError} UNAUTHENTICATED */
export type Verify = (request: FastifyRequest) => Promise<GatewayTokenClaims & { token: string }>

/** A call to a build of the caller's own client. @throws {TrellisError} UNAUTHENTICATED, NOT_FOUND */
export type CallOfBuild = (
  request: FastifyRequest,
  build: { client: string; digest: string },
) => Promise<PluginCall>

const bodyLimitBytes = 4 * 1024 * 1024
const keyRefetchMs = 1_000
/** A token serves many calls, and to check its signature costs more than to run a lambda. */
const tokensKept = 10_000
const verifiedForMs = 30_000

export function createVerify(gatewayUrl: string): Verify {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl), {
    cooldownDuration: keyRefetchMs,
  })
  const verified = new LRUCache<string, GatewayTokenClaims & { token: string }>({ max: tokensKept })
  return async ({ headers: { authorization = '' } }) => {
    const token = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : ''
    const known = verified.get(token)
    if (known) return known
    const claims = { ...(await verifyGatewayToken(token, lambdaAudience, keys)), token }
    const livesMs = (decodeJwt(token).exp ?? 0) * 1000 - Date.now()
    if (livesMs > 1) verified.set(token, claims, { ttl: Math.min(livesMs, verifiedForMs) })
    return claims
  }
}

export function createCallOfBuild(verify: Verify): CallOfBuild {
  return async (request, { client, digest }) => {
    const { viewer, depth, token } = await verify(request)
    // Another client's build is not found, as if it were not there.
    if (viewer.kind === 'OPERATOR' || viewer.client !== client)
      throw new TrellisError('NOT_FOUND', 'There is no such build.')
    const { traceparent } = request.headers
    const rights = { token, traceparent: typeof traceparent === 'string' ? traceparent : undefined }
    return { client, digest, viewer, depth, rights }
  }
}

export function createApp(log: Log): FastifyInstance {
  const app = fastify({ bodyLimit: bodyLimitBytes })
  app.setErrorHandler((error, _request, reply) => {
    const shown = asTrellisError(error, log)
    return reply.code(errorCatalogue[shown.code].status).send({ errors: [formatError(shown)] })
  })
  app.get('/health/live', () => ({ status: 'live' }))
  return app
}

/** @throws {TrellisError} BAD_USER_INPUT */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new TrellisError('BAD_USER_INPUT', z.prettifyError(parsed.error))
}

/** Fastify's own refusals (too large, not JSON) are the caller's fault; of any other fault the log alone hears. */
function asTrellisError(error: unknown, log: Log): TrellisError {
  if (error instanceof TrellisError) return error
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500)
    return new TrellisError('BAD_USER_INPUT', error.message)
  log.error({ err: error }, 'the lambda host failed')
  return new TrellisError('INTERNAL_SERVER_ERROR', 'Internal error.')
}
