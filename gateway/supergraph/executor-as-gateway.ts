import { GraphQLError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { ClientViewer, Viewer } from '../../foundation/viewer.ts'
import type { Executor } from '../execution/create-executor.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'
import type { ApolloGateway } from './apollo-server.ts'
import type { OperationContext } from './operation-context.ts'

/** No operation lasts longer; a generation that was swapped out is closed by then. In milliseconds. */
export const operationTimeoutMs = 30_000

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

export function callerOf({ viewer, forwarded, depth, traceparent }: OperationContext): Caller {
  return {
    viewer: viewer && clientViewer(viewer),
    depth,
    traceparent,
    ...(forwarded && { headers: forwarded }),
  }
}

function clientViewer(viewer: Viewer): ClientViewer {
  if (viewer.kind === 'OPERATOR') throw new TrellisError('FORBIDDEN', 'Operators see no data of clients.')
  return viewer
}

/** Apollo types the context of a gateway's request as anything; it is the one given to `executeHTTPGraphQLRequest`. */
function readContext(context: Record<string, unknown>): OperationContext {
  return context as OperationContext
}
