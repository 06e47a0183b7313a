import { TrellisError } from '../foundation/errors.ts'
import type { Log } from '../foundation/log.ts'
import type { AcquireGraph, GraphLease } from './pipeline.ts'
import { createSubscribeOperation } from './subscriptions/subscribe-operation.ts'
import type { GraphGenerations } from './subscriptions/upstream.ts'
import type { Generations } from './supergraph/generations.ts'
import type { Graph } from './supergraph/graph.ts'
import { contractKey } from './supergraph/graph-key.ts'
import { callerOf } from './supergraph/operation-context.ts'
import { createShowError } from './supergraph/show-error.ts'

/** What runs for a client, or for its partners of certain tags, now; by a key of `contractKey`. */
export type AcquireClientGraph = (key: string) => Promise<GraphLease>

/** Which graph is whose: control is for operators and deployers, and nobody else has it; partners have their contract. */
export function createAcquireGraph(acquireClientGraph: AcquireClientGraph, control: Graph): AcquireGraph {
  return async (viewer) => {
    if (!viewer) throw new TrellisError('UNAUTHENTICATED', 'Nobody is called by name here.')
    switch (viewer.kind) {
      case 'OPERATOR':
      case 'DEPLOYER':
        return { graph: control, [Symbol.dispose]: () => undefined }
      case 'PARTNER':
        return acquireClientGraph(contractKey(viewer))
      case 'FRONTEND':
      case 'USER':
      case 'SERVER':
      case 'PLUGIN':
        return acquireClientGraph(viewer.client)
      default:
        return viewer satisfies never
    }
  }
}

export function createAcquireClientGraph(generations: Generations, log: Log): AcquireClientGraph {
  const subscribeOperation = createSubscribeOperation({ format: createShowError(log) })
  const generationsOf = (key: string): GraphGenerations => ({
    acquire: () => generations.acquire(key),
    onSwap: (listener) => generations.follow(key, listener),
    subscribed: () => generations.subscribed(key),
  })
  return async (key) => {
    const lease = await generations.acquire(key)
    const { planner, answering } = lease.generation
    return {
      graph: {
        schema: planner.schema,
        ...answering,
        subscribe: (request, context) =>
          subscribeOperation(
            { ...request, caller: callerOf(context), signal: context.disconnected },
            generationsOf(key),
          ),
      },
      [Symbol.dispose]: () => lease[Symbol.dispose](),
    }
  }
}
