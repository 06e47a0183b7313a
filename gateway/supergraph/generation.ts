import type { ApolloServerPlugin } from '@apollo/server'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import { createExecutor, type Executor } from '../execution/create-executor.ts'
import { withRules } from '../execution/with-rules.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { PlannerPool } from '../planning/planner-pool.ts'
import type { SupergraphOrigin } from '../planning/text-planner.ts'
import type { Rules } from '../transports/run-rules.ts'
import type { Subgraph } from '../transports/subgraph-fetch.ts'
import { createDirectAnswering } from './answer-directly.ts'
import { createApolloAnswering } from './answer-through-apollo.ts'
import { createApolloServer } from './apollo-server.ts'
import { executorAsGateway, readOperationContext } from './executor-as-gateway.ts'
import type { Answering } from './graph.ts'
import type { OperationContext } from './operation-context.ts'
import { createShowError } from './show-error.ts'

/** A running supergraph. Immutable; operations lease it. */
export type Generation = {
  /** Names the supergraph: equal on all replicas, and after a restart. */
  id: string
  /** Whose it is. */
  client: string
  /** Counts from 1 in this process. */
  number: number
  /** That of all it was made of. */
  hash: string
  /** What it is for, in people's words: `plugin release 4`. */
  reason: string
  supergraphSdl: string
  planner: Planner
  executor: Executor
  subgraphs: ReadonlyMap<string, Subgraph>
  /** Of the client's plugin; null: there are none. */
  rules: Rules | null
  answering: Answering
  close: Close
}

export type BuiltGeneration = { ok: true; generation: Generation } | { ok: false; errors: CompositionError[] }

/** What whoever wants a generation says of it. */
export type GenerationOrder = Pick<Generation, 'number' | 'reason'> & {
  /** In which its composition and its planner wait for a thread. */
  lane: symbol
}

export type GenerationParts = Pick<
  Generation,
  'client' | 'hash' | 'supergraphSdl' | 'subgraphs' | 'rules'
> & {
  origin: SupergraphOrigin
  /** Ends what was opened for this generation alone. */
  close: Close
}

export type GenerationOptions = {
  /** Where operations are planned. Closed by its owner. */
  planners: Pick<PlannerPool, 'open'>
  /**
   * Where there are any, every operation goes through Apollo Server for their sake.
   *
   * @default none
   */
  apolloPlugins?: readonly ApolloServerPlugin<OperationContext>[] | undefined
  log: Log
}

/**
 * Makes of a supergraph all that operations need. What it is given to close is closed also where it throws.
 *
 * @throws when it is not a supergraph
 */
export async function openGeneration(
  parts: GenerationParts,
  { number, reason, lane }: GenerationOrder,
  options: GenerationOptions,
): Promise<Generation> {
  try {
    const { client, hash, supergraphSdl, origin, subgraphs, rules } = parts
    const planner = await options.planners.open(supergraphSdl, { origin, lane })
    const executing = createExecutor({ ...planner, subgraphs })
    const executor = rules ? withRules({ rules, planner })(executing) : executing
    const { answering, close } = await openAnswering({ planner, executor, supergraphSdl }, options)
    const id = `${client}:${hash.slice(0, 16)}`
    return {
      ...parts,
      number,
      reason,
      id,
      planner,
      executor,
      answering,
      async close() {
        await close()
        await parts.close()
      },
    }
  } catch (error) {
    await parts.close()
    throw error
  }
}

async function openAnswering(
  parts: Pick<Generation, 'planner' | 'executor' | 'supergraphSdl'>,
  { apolloPlugins = [], log }: GenerationOptions,
): Promise<{ answering: Answering; close: Close }> {
  if (apolloPlugins.length === 0) {
    return {
      answering: createDirectAnswering({ ...parts, showError: createShowError(log) }),
      close: async () => undefined,
    }
  }
  const apollo = createApolloServer(
    { gateway: executorAsGateway({ ...parts, read: readOperationContext }), plugins: apolloPlugins },
    log,
  )
  await apollo.start()
  return { answering: createApolloAnswering(apollo), close: () => apollo.stop() }
}
