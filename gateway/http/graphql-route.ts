import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator, Credentials } from '../access/authenticate.ts'
import { type AcquireGraph, handleOperation, readTraceparent } from '../pipeline.ts'
import { callerGone } from '../supergraph/caller-gone.ts'
import { answerRequest } from './answer-request.ts'
import type { EventStreams } from './sse-route.ts'

export type GraphqlRouteOptions = {
  authenticate: Authenticator['authenticate']
  acquire: AcquireGraph
  eventStreams: EventStreams
}

/** `POST` and `GET /graphql`. What fails before there is a graph is answered by the server's error handler. */
export function addGraphqlRoute(
  server: FastifyInstance,
  { authenticate, acquire, eventStreams }: GraphqlRouteOptions,
): void {
  server.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    async handler(request, reply) {
      if (eventStreams.isWanted(request)) {
        return eventStreams.serve(request, await authenticate(readCredentials(request)), reply)
      }
      const operation = {
        identify: () => authenticate(readCredentials(request)),
        traceparent: readTraceparent(headerOf(request, 'traceparent')),
        disconnected: disconnectSignal(reply),
      }
      const { status, headers, body } = await handleOperation(acquire, operation, (graph, context) =>
        answerRequest(graph, request, context),
      )
      return reply.status(status).headers(headers).send(body)
    },
  })
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
    if (!raw.writableFinished) controller.abort(callerGone)
  })
  return controller.signal
}
