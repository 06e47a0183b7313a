import type { ApolloServerPlugin } from '@apollo/server'
import type { Log } from '../foundation/log.ts'
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from './access/jwt-authenticator.ts'
import { type Door, openDoor } from './door.ts'
import { createPlannerPool, type PlannerPool } from './planning/planner-pool.ts'
import {
  buildSupergraphGeneration,
  type ComposedSupergraph,
  summarizeSupergraph,
  supergraphHash,
} from './supergraph/build-supergraph-generation.ts'
import { createGenerations } from './supergraph/generations.ts'
import type { OperationContext } from './supergraph/operation-context.ts'
import { createSupergraphConnect, type SupergraphConnectOptions } from './supergraph/supergraph-connect.ts'
import { openSupergraphSource } from './supergraph/supergraph-source.ts'
import { createAcquireClientGraph } from './viewer-graph.ts'
import type { SocketLimits } from './ws/socket-limits.ts'

export type SupergraphGatewayOptions = JwtAuthenticatorOptions &
  SupergraphConnectOptions & {
    /** A file's path, or an `http(s)` URL. */
    supergraph: string
    /** Sent to the URL, where it wants a credential. */
    supergraphHeaders: Readonly<Record<string, string>>
    pollMs: number
    /** Where there are any, operations go through Apollo Server. @default none */
    apolloPlugins?: readonly ApolloServerPlugin<OperationContext>[]
    /** Of sockets and event streams. */
    limits?: Partial<SocketLimits> | undefined
    /** Threads to plan in, which stay open. @default its own */
    planners?: PlannerPool | undefined
    log: Log
  }

/** The one generation there is at a time. */
const name = 'supergraph'

/**
 * Trellis as a federation gateway for one supergraph that was composed elsewhere: no registry, no database, no clients.
 *
 * @throws when the supergraph cannot be read, or is none
 */
export async function createSupergraphGateway(
  options: SupergraphGatewayOptions,
): Promise<Pick<Door, 'listen' | 'close'>> {
  const { supergraph, supergraphHeaders, pollMs, apolloPlugins, log } = options
  const connect = createSupergraphConnect(options)
  const source = await openSupergraphSource({
    location: supergraph,
    headers: supergraphHeaders,
    pollMs,
    onChange: () => generations.swap(),
    log,
  })
  const planners = options.planners ?? createPlannerPool()
  const generations = createGenerations<ComposedSupergraph>({
    graphOf: () => ({ name, sdl: source.current() }),
    hashOf: supergraphHash,
    summarize: summarizeSupergraph,
    build: (graph, order) =>
      buildSupergraphGeneration(graph, order, { connect, planners, apolloPlugins, log }),
    log,
  })
  const close = async () => {
    await source.close()
    await generations.close()
    if (!options.planners) await planners.close()
  }
  try {
    using _first = await generations.acquire(name)
    const acquireGraph = createAcquireClientGraph(generations, log)
    const door = await openDoor({
      authenticator: createJwtAuthenticator(options),
      acquire: () => acquireGraph(name),
      onCredentialsChange: () => () => undefined,
      limits: options.limits,
      log,
    })
    return {
      listen: door.listen,
      async close() {
        await door.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
