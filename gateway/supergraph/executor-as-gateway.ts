import type { Executor } from '../execution/create-executor.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'
import type { ApolloGateway } from './apollo-server.ts'
import { withinLifetime } from './lifetime.ts'
import { callerOf, type OperationContext } from './operation-context.ts'
import { isSubscription } from './request-error.ts'

export type GatewayRequest = Parameters<
  NonNullable<Awaited<ReturnType<ApolloGateway['load']>>['executor']>
>[0]

export type ExecutorAsGatewayParts = {
  planner: Planner
  executor: Executor
  supergraphSdl: string
  /** For whom a request is, and what ends it. */
  read(request: GatewayRequest): { caller: Caller; disconnected: AbortSignal }
}

/** Our planner and executor, in the place where Apollo Server expects Apollo's gateway. */
export function executorAsGateway({
  planner,
  executor,
  supergraphSdl,
  read,
}: ExecutorAsGatewayParts): ApolloGateway {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: planner.schema, coreSupergraphSdl: supergraphSdl })
      return () => undefined
    },
    async load() {
      return {
        async executor(incoming) {
          const { source, operation, request } = incoming
          if (operation?.operation === 'subscription') return { errors: [isSubscription()] }
          const { caller, disconnected } = read(incoming)
          const prepared = await planner.prepare({
            query: source,
            operationName: request.operationName,
            signal: disconnected,
          })
          // Where there is no such operation, Apollo Server calls even so, and makes its own error of the answer.
          if (!prepared.ok) return { errors: [...prepared.errors] }
          const variables = request.variables ?? {}
          return withinLifetime(prepared.operation.operation.operation, disconnected, (signal) =>
            executor.execute(prepared.operation, { caller, variables, signal }),
          )
        },
      }
    },
    async stop() {
      // Nothing of its own to end: subgraphs are closed by whoever connected them.
    },
  }
}

/** Apollo types the context of a request as anything; it is the one given to `executeHTTPGraphQLRequest`. */
export function readOperationContext({ context }: GatewayRequest) {
  const operation = context as OperationContext
  return { caller: callerOf(operation), disconnected: operation.disconnected }
}
