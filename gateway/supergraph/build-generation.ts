import type { ApolloServer } from '@apollo/server'
import { GraphQLError } from 'graphql'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { ClientViewer, Viewer } from '../../foundation/viewer.ts'
import { createExecutor, type Executor } from '../execution/create-executor.ts'
import { createPlanner, type Planner } from '../planning/create-planner.ts'
import type { Caller, Subgraph } from '../transports/subgraph-fetch.ts'
import { type ApolloGateway, createApolloServer } from './apollo-server.ts'
import { type ClientGraph, clientGraphHash, subgraphSources } from './client-graph.ts'
import { type CompositionError, composeForClient, pluginSubgraph } from './compose-for-client.ts'
import type { OperationContext } from './operation-context.ts'

/** A running supergraph of one client. Immutable; operations lease it. */
export type Generation = {
  /** Names the supergraph: equal on all replicas, and after a restart. */
  id: string
  client: string
  /** Counts from 1 in this process. */
  number: number
  hash: string
  supergraphSdl: string
  planner: Planner
  executor: Executor
  subgraphs: ReadonlyMap<string, Subgraph>
  apollo: ApolloServer<OperationContext>
  close: Close
}

/** How a generation reaches its subgraphs. */
export type Connect = {
  /** Shared by all clients; closed by its owner. */
  module(name: string): Subgraph
  /** One build of one client's plugin; closed with the generation. */
  plugin(client: string, digest: string): Subgraph & { close: Close }
}

export type BuiltGeneration = { ok: true; generation: Generation } | { ok: false; errors: CompositionError[] }

/** No operation lasts longer; a generation that was swapped out is closed by then. In milliseconds. */
export const operationTimeoutMs = 30_000

/** Composes the client's supergraph, and makes of it all that operations need. */
export async function buildGeneration(
  graph: ClientGraph,
  number: number,
  { connect, log }: { connect: Connect; log: Log },
): Promise<BuiltGeneration> {
  const composition = composeForClient(subgraphSources(graph))
  if (!composition.ok) return composition
  const { supergraphSdl } = composition
  const { client } = graph
  const hash = clientGraphHash(graph)
  const planner = createPlanner(supergraphSdl)
  const plugin = graph.plugin && connect.plugin(client, graph.plugin.digest)
  const subgraphs = new Map<string, Subgraph>(graph.modules.map(({ name }) => [name, connect.module(name)]))
  if (plugin) subgraphs.set(pluginSubgraph, plugin)
  const executor = createExecutor({ ...planner, subgraphs })
  const apollo = createApolloServer({ gateway: executorAsGateway({ planner, executor, supergraphSdl }) }, log)
  await apollo.start()
  const close = async () => {
    await apollo.stop()
    await plugin?.close()
  }
  const id = `${client}:${hash.slice(0, 16)}`
  return {
    ok: true,
    generation: { id, client, number, hash, supergraphSdl, planner, executor, subgraphs, apollo, close },
  }
}

/** Our planner and executor, in the place where Apollo Server expects Apollo's gateway. */
function executorAsGateway(parts: Pick<Generation, 'planner' | 'executor' | 'supergraphSdl'>): ApolloGateway {
  const { planner, executor, supergraphSdl } = parts
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: planner.schema, coreSupergraphSdl: supergraphSdl })
      return () => undefined
    },
    async load() {
      return {
        async executor({ document, operation, operationName, request, context }) {
          // Apollo Server calls even so, and makes OPERATION_RESOLUTION_FAILURE of the answer.
          if (!operation) return { errors: [new GraphQLError('The document has no such operation.')] }
          if (operation.operation === 'subscription') {
            throw new TrellisError('BAD_USER_INPUT', 'Subscriptions are served over WebSocket.', {
              extensions: { http: { status: 400 } },
            })
          }
          const planned = await planner.plan(document, operationName ?? undefined)
          return executor.execute(planned, {
            caller: callerOf(readContext(context)),
            variables: request.variables ?? {},
            signal: signalFor(operation.operation, readContext(context)),
          })
        },
      }
    },
    async stop() {
      // Nothing of its own to end: subgraphs are closed by whoever connected them.
    },
  }
}

/** A mutation goes on when its caller is gone: half of it may have happened. */
function signalFor(operation: 'query' | 'mutation', { disconnected }: OperationContext): AbortSignal {
  const timeout = AbortSignal.timeout(operationTimeoutMs)
  return operation === 'query' ? AbortSignal.any([timeout, disconnected]) : timeout
}

export function callerOf({ viewer, depth, traceparent }: OperationContext): Caller {
  return { viewer: clientViewer(viewer), depth, traceparent }
}

function clientViewer(viewer: Viewer): ClientViewer {
  if (viewer.kind === 'OPERATOR') throw new TrellisError('FORBIDDEN', 'Operators see no data of clients.')
  return viewer
}

/** Apollo types the context of a gateway's request as anything; it is the one given to `executeHTTPGraphQLRequest`. */
function readContext(context: Record<string, unknown>): OperationContext {
  return context as OperationContext
}
