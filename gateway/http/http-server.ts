import Fastify, { type FastifyInstance } from 'fastify'
import type { Log } from '../../foundation/log.ts'
import { createErrorHandler, sendNotFound } from './error-reply.ts'
import { addExplorerRoutes } from './explorer-route.ts'
import { addGraphqlRoute, type GraphqlRouteOptions } from './graphql-route.ts'

export type HttpServerOptions = GraphqlRouteOptions & {
  /** What does not work although operations are answered, for people to read. */
  faults(): string[]
  log: Log
}

/** A plugin's files together may have 1 MB; what carries them needs more. In bytes. */
const bodyLimit = 4 * 1024 * 1024

/** What a gateway answers over HTTP, whatever stands behind it; it does not listen yet. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const handleError = createErrorHandler(options.log)
  const server = Fastify({ bodyLimit, forceCloseConnections: 'idle', frameworkErrors: handleError })
  server.setErrorHandler(handleError)
  server.setNotFoundHandler(sendNotFound)
  addGraphqlRoute(server, options)
  server.get('/health/live', async () => ({ status: 'ok' }))
  // It listens only once the registry is read. Modules that are down do not make the gateway unready.
  server.get('/health/ready', async () => {
    const reasons = options.faults()
    return reasons.length === 0 ? { status: 'ok' } : { status: 'degraded', reasons }
  })
  await addExplorerRoutes(server, new URL('./explorer/dist/', import.meta.url))
  return server
}
