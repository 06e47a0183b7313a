import type { ApolloServer } from '@apollo/server'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { createExecutor, type Executor } from '../execution/create-executor.ts'
import { createPlanner, type Planner } from '../planning/create-planner.ts'
import type { Subgraph } from '../transports/subgraph-fetch.ts'
import { createApolloServer } from './apollo-server.ts'
import type { CompositionError } from './compose-for-client.ts'
import { executorAsGateway } from './executor-as-gateway.ts'
import type { OperationContext } from './operation-context.ts'

/** A running supergraph. Immutable; operations lease it. */
export type Generation = {
  /** Names the supergraph: equal on all replicas, and after a restart. */
  id: string
  /** Whose it is. */
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

export type BuiltGeneration = { ok: true; generation: Generation } | { ok: false; errors: CompositionError[] }

export type GenerationParts = Pick<
  Generation,
  'client' | 'number' | 'hash' | 'supergraphSdl' | 'subgraphs'
> & {
  /** Ends what was opened for this generation alone. */
  close: Close
}

/**
 * Makes of a supergraph all that operations need.
 *
 * @throws when it is not a supergraph
 */
export async function openGeneration(parts: GenerationParts, log: Log): Promise<Generation> {
  const { client, hash, supergraphSdl, subgraphs } = parts
  const planner = createPlanner(supergraphSdl)
  const executor = createExecutor({ ...planner, subgraphs })
  const apollo = createApolloServer({ gateway: executorAsGateway({ planner, executor, supergraphSdl }) }, log)
  await apollo.start()
  return {
    ...parts,
    id: `${client}:${hash.slice(0, 16)}`,
    planner,
    executor,
    apollo,
    async close() {
      await apollo.stop()
      await parts.close()
    },
  }
}
