import type { GraphQLDataSource } from '@apollo/gateway'
import type { Close } from '../../foundation/closing.ts'
import { createExecutor } from '../execution/create-executor.ts'
import { createPlannerPool } from '../planning/planner-pool.ts'
import type { ApolloGateway } from './apollo-server.ts'
import { createDataSourceSubgraph } from './data-source-subgraph.ts'
import { executorAsGateway, type GatewayRequest } from './executor-as-gateway.ts'
import { type JoinGraph, readJoinGraphs } from './join-graphs.ts'
import { type BuildService, createSupergraphConnect } from './supergraph-connect.ts'

export type ApolloGatewayOptions = {
  supergraphSdl: string
  /**
   * The data source of a subgraph, as Apollo's gateway takes it: an existing subclass of `RemoteGraphQLDataSource` fits.
   *
   * @default calls over HTTP at the URL that the supergraph names
   */
  buildService?: ((graph: JoinGraph) => GraphQLDataSource) | undefined
}

/**
 * Our planner and executor as the `gateway` of a team's own Apollo Server, in the place of Apollo's:
 * `new ApolloServer({ gateway: createApolloGateway({ supergraphSdl }) })`. Subscriptions are refused there, as they are by
 * Apollo's. Apollo Server starts and stops it.
 */
export function createApolloGateway({ supergraphSdl, buildService }: ApolloGatewayOptions): ApolloGateway {
  const listeners = new Set<Parameters<ApolloGateway['onSchemaLoadOrUpdate']>[0]>()
  let close: Close = async () => undefined
  return {
    onSchemaLoadOrUpdate(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async load(options) {
      const connect = createSupergraphConnect({ buildService: buildService && fromDataSources(buildService) })
      const { subgraphs, close: disconnect } = connect(readJoinGraphs(supergraphSdl))
      const planners = createPlannerPool()
      close = async () => {
        await Promise.all([planners.close(), disconnect()])
      }
      const planner = await planners.open(supergraphSdl).catch(async (error) => {
        await close()
        throw error
      })
      const executor = createExecutor({ ...planner, subgraphs })
      const gateway = executorAsGateway({ planner, executor, supergraphSdl, read: readIncoming })
      for (const listener of listeners) gateway.onSchemaLoadOrUpdate(listener)
      return gateway.load(options)
    },
    stop: () => close(),
  }
}

/** Makes subgraphs of data sources, for `createSupergraphGateway` as well. Whoever made a data source closes it. */
export function fromDataSources(buildDataSource: (graph: JoinGraph) => GraphQLDataSource): BuildService {
  return (graph) => ({
    ...createDataSourceSubgraph(graph.name, buildDataSource(graph)),
    close: async () => undefined,
  })
}

/** A team's server has a context of its own, which is for its data sources. */
function readIncoming(incoming: GatewayRequest) {
  const caller = { viewer: null, depth: 0, traceparent: undefined, incoming }
  return { caller, disconnected: new AbortController().signal }
}
