import { TrellisError } from '../../foundation/errors.ts'
import type { Executor } from '../execution/create-executor.ts'
import type { Planner } from '../planning/create-planner.ts'
import { planVariables, type RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Rules } from '../transports/run-rules.ts'
import type { Caller, Subgraph, SubgraphEvent } from '../transports/subgraph-fetch.ts'
import { unavailable } from '../transports/transport-errors.ts'
import { afterVariable, type EventSource, eventSource } from './event-source.ts'

export type Generation = {
  id: string
  planner: Planner
  executor: Executor
  subgraphs: ReadonlyMap<string, Subgraph>
  /** Null: none of its fields has one. */
  rules: Rules | null
}

/** A hold on the client's present generation. A subscription takes one for each event and gives it back after it. */
export type SubscriptionLease = Disposable & { generation: Generation }

export type Acquire = () => Promise<SubscriptionLease>

/** The generations of one graph, as its subscriptions follow them. */
export type GraphGenerations = {
  acquire: Acquire
  /** Calls back after each swap; returns how to leave. */
  onSwap(listener: () => void): () => void
  /** Counts one subscriber until what it returns is called. */
  subscribed(): () => void
}

/** The module's side of a subscription, as it runs on one generation. */
export type Upstream = {
  generationId: string
  operation: PlannedOperation
  source: EventSource
  events: AsyncGenerator<SubgraphEvent, void, void>
  /** The place in the stream that has been reached; null: none is known. */
  cursor: string | null
  /** Milliseconds since the epoch. */
  openedAt: number
}

export type UpstreamRequest = {
  variables: Readonly<Record<string, unknown>>
  /** What rules made of the field's arguments. */
  rewritten?: RewrittenArguments | undefined
  caller: Caller
  signal: AbortSignal
  /** To begin after; null: live. */
  cursor: string | null
}

/** @throws {GraphQLError} when its variables do not fit, or the module is not part of the generation */
export function openUpstream(
  operation: PlannedOperation,
  { id, subgraphs }: Generation,
  { variables, rewritten, caller, signal, cursor }: UpstreamRequest,
): Upstream {
  const source = eventSource(operation)
  const subgraph = subgraphs.get(source.serviceName)
  if (!subgraph) throw unavailable(source.serviceName)
  const asked = sourceVariables(source, coercedOrThrow(operation, variables, rewritten))
  if (source.places && cursor !== null) asked[afterVariable] = cursor
  const { document, operationName } = source
  const events = subgraph.subscribe({ document, operationName, variables: asked, caller }, signal)
  return { generationId: id, operation, source, events, cursor, openedAt: Date.now() }
}

/** @throws {GraphQLError} */
export function coercedOrThrow(
  operation: PlannedOperation,
  variables: Readonly<Record<string, unknown>>,
  rewritten?: RewrittenArguments,
): Readonly<Record<string, unknown>> {
  const coerced = planVariables(operation, variables, rewritten)
  if (coerced.ok) return coerced.variables
  throw coerced.errors[0] ?? new TrellisError('BAD_USER_INPUT', 'The variables do not fit.')
}

/** None that the caller left out: absent and null are not the same. */
function sourceVariables(
  { variableUsages }: EventSource,
  variables: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = variableUsages.filter((name) => Object.hasOwn(variables, name))
  return Object.fromEntries(names.map((name) => [name, variables[name]]))
}
