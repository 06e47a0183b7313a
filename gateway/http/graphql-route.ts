import { HeaderMap, type HTTPGraphQLResponse } from '@apollo/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator, Credentials } from '../access/authenticate.ts'
import { type AcquireGraph, handleOperation, readTraceparent } from '../pipeline.ts'

/** `POST` and `GET /graphql`. What fails before there is a graph is answered by the server's error handler. */
export function addGraphqlRoute(
  server: FastifyInstance,
  { authenticate, acquire }: { authenticate: Authenticator['authenticate']; acquire: AcquireGraph },
): void {
  server.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    async handler(request, reply) {
      const operation = {
        identify: () => authenticate(readCredentials(request)),
        traceparent: readTraceparent(headerOf(request, 'traceparent')),
        disconnected: disconnectSignal(reply),
      }
      const response = await handleOperation(acquire, operation, ({ apollo }, context) =>
        apollo.executeHTTPGraphQLRequest({
          httpGraphQLRequest: readRequest(request),
          context: async () => context,
        }),
      )
      return sendResponse(reply, response)
    },
  })
}

function readRequest({ method, headers, url, body }: FastifyRequest) {
  const headerMap = new HeaderMap()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) headerMap.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const queryAt = url.indexOf('?')
  return { method, headers: headerMap, search: queryAt < 0 ? '' : url.slice(queryAt), body }
}

function sendResponse(reply: FastifyReply, { status, headers, body }: HTTPGraphQLResponse): FastifyReply {
  if (body.kind === 'chunked')
    throw new Error('An answer in parts: the executor has no incremental delivery.')
  return reply
    .status(status ?? 200)
    .headers(Object.fromEntries(headers))
    .send(body.string)
}

/** What a caller presents in the headers of a request. */
export function readCredentials(request: FastifyRequest): Credentials {
  const header = (name: string) => headerOf(request, name)
  return { apiKey: header('x-api-key'), authorization: header('authorization'), header }
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Aborts when the connection closes with the answer not yet written. */
function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new Error('The caller is gone.'))
  })
  return controller.signal
}
