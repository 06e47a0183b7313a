import type { Executor } from '../execution/create-executor.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { ApolloGateway } from './apollo-server.ts'
import { withinLifetime } from './lifetime.ts'
import { callerOf, type OperationContext } from './operation-context.ts'
import { isSubscription } from './request-error.ts'

/** Our planner and executor, in the place where Apollo Server expects Apollo's gateway. */
export function executorAsGateway({
  planner,
  executor,
  supergraphSdl,
}: {
  planner: Planner
  executor: Executor
  supergraphSdl: string
}): ApolloGateway {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: planner.schema, coreSupergraphSdl: supergraphSdl })
      return () => undefined
    },
    async load() {
      return {
        async executor({ source, operation, request, context }) {
          if (operation?.operation === 'subscription') return { errors: [isSubscription()] }
          const { disconnected } = readContext(context)
          const prepared = await planner.prepare({
            query: source,
            operationName: request.operationName,
            signal: disconnected,
          })
          // Where there is no such operation, Apollo Server calls even so, and makes its own error of the answer.
          if (!prepared.ok) return { errors: [...prepared.errors] }
          return withinLifetime(prepared.operation.operation.operation, disconnected, (signal) =>
            executor.execute(prepared.operation, {
              caller: callerOf(readContext(context)),
              variables: request.variables ?? {},
              signal,
            }),
          )
        },
      }
    },
    async stop() {
      // Nothing of its own to end: subgraphs are closed by whoever connected them.
    },
  }
}

/** Apollo types the context of a gateway's request as anything; it is the one given to `executeHTTPGraphQLRequest`. */
function readContext(context: Record<string, unknown>): OperationContext {
  return context as OperationContext
}
