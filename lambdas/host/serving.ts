import type { IncomingHttpHeaders } from 'node:http'
import { type FastifyInstance, fastify } from 'fastify'
import { formatError } from 'graphql'
import { createRemoteJWKSet } from 'jose'
import { z } from 'zod'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import {
  createGatewayTokenVerifier,
  lambdaAudience,
  type VerifiedGatewayToken,
} from '../../foundation/gateway-token.ts'
import type { Log } from '../../foundation/log.ts'
import { answerOfFailure } from '../../prisma/database-outage.ts'
import type { PluginCall } from './run-plugin.ts'

/** Who sends a request, proven by the gateway. @throws {TrellisError} UNAUTHENTICATED */
export type Verify = (request: { headers: IncomingHttpHeaders }) => Promise<VerifiedGatewayToken>

/** A call to a build of the caller's own client. @throws {TrellisError} UNAUTHENTICATED, NOT_FOUND */
export type CallOfBuild = (
  headers: IncomingHttpHeaders,
  build: { client: string; digest: string },
) => Promise<PluginCall>

const bodyLimitBytes = 4 * 1024 * 1024
const keyRefetchMs = 1_000

export function createVerify(gatewayUrl: string): Verify {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl), {
    cooldownDuration: keyRefetchMs,
  })
  const verify = createGatewayTokenVerifier(lambdaAudience, keys)
  return ({ headers: { authorization = '' } }) =>
    verify(authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '')
}

export function createCallOfBuild(verify: Verify): CallOfBuild {
  return async (headers, { client, digest }) => {
    const { viewer, depth, token } = await verify({ headers })
    // Another client's build is not found, as if it were not there.
    if (viewer.kind === 'OPERATOR' || viewer.client !== client)
      throw new TrellisError('NOT_FOUND', 'There is no such build.')
    const { traceparent } = headers
    const rights = { token, traceparent: typeof traceparent === 'string' ? traceparent : undefined }
    return { client, digest, viewer, depth, rights }
  }
}

/** What an error is answered with. */
export type ErrorAnswer = (error: unknown) => { status: number; body: object }

export function createErrorAnswer(log: Log): ErrorAnswer {
  return (error) => {
    const shown = asTrellisError(error, log)
    return { status: errorCatalogue[shown.code].status, body: { errors: [formatError(shown)] } }
  }
}

export function createApp(answerError: ErrorAnswer): FastifyInstance {
  const app = fastify({ bodyLimit: bodyLimitBytes })
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = answerError(error)
    return reply.code(status).send(body)
  })
  app.get('/health/live', () => ({ status: 'live' }))
  return app
}

/** Reads a body as the app reads that of a request. @throws what the app refuses it with */
export type ReadBody = (text: string) => unknown

export function createReadBody(app: FastifyInstance): ReadBody {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (text) => {
    if (Buffer.byteLength(text) > bodyLimitBytes)
      throw new TrellisError('BAD_USER_INPUT', 'Request body is too large')
    let read: unknown
    // It does not look at the request, and has called back when it returns.
    parse(undefined as never, text, (error, body) => {
      if (error) throw error
      read = body
    })
    return read
  }
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
  return answerOfFailure(error)
}
