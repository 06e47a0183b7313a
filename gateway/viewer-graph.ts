import { TrellisError } from '../foundation/errors.ts'
import type { AcquireGraph, GraphLease } from './pipeline.ts'
import { subscribeOperation } from './subscriptions/subscribe-operation.ts'
import { callerOf } from './supergraph/executor-as-gateway.ts'
import type { Generations } from './supergraph/generations.ts'
import type { Graph } from './supergraph/graph.ts'

/** Which graph is whose: control is for operators and deployers, and nobody else has it; partners have none yet. */
export function createAcquireGraph(generations: Generations, control: Graph): AcquireGraph {
  return async (viewer) => {
    if (!viewer) throw new TrellisError('UNAUTHENTICATED', 'Nobody is called by name here.')
    switch (viewer.kind) {
      case 'OPERATOR':
      case 'DEPLOYER':
        return { graph: control, [Symbol.dispose]: () => undefined }
      case 'PARTNER':
        throw new TrellisError('NOT_AVAILABLE', 'There is nothing here for partner keys yet.')
      case 'FRONTEND':
      case 'USER':
      case 'SERVER':
        return acquireGraph(generations, viewer.client)
      default:
        return viewer satisfies never
    }
  }
}

/** What runs for the client now. */
export async function acquireGraph(generations: Generations, client: string): Promise<GraphLease> {
  const lease = await generations.acquire(client)
  const { planner, apollo } = lease.generation
  return {
    graph: {
      schema: planner.schema,
      apollo,
      subscribe: (request, context) =>
        subscribeOperation({ ...request, caller: callerOf(context), signal: context.disconnected }, () =>
          generations.acquire(client),
        ),
    },
    [Symbol.dispose]: () => lease[Symbol.dispose](),
  }
}
