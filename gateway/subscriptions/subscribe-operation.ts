import { type DocumentNode, type ExecutionResult, GraphQLError, validate } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { coerceVariables } from '../execution/coerce-variables.ts'
import { executeEvent, subscriptionNode } from '../execution/execute-event.ts'
import { usedVariables } from '../execution/fetch-node.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Caller, Subgraph, SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { unavailable } from '../transports/transport-errors.ts'

export type SubscriptionRequest = {
  /** Valid in the schema of the generation it begins on. */
  document: DocumentNode
  operationName: string | undefined
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
  caller: Caller
  /** Ends the subscription and all that it has under way. */
  signal: AbortSignal
}

export type Generation = { id: string; planner: Planner; subgraphs: ReadonlyMap<string, Subgraph> }

/** A hold on the client's present generation. A subscription takes one for each event and gives it back after it. */
export type SubscriptionLease = Disposable & { generation: Generation }

type Acquire = () => Promise<SubscriptionLease>

/** A subscription as it runs on one generation. */
type Running = {
  generationId: string
  operation: PlannedOperation
  upstream: AsyncGenerator<SubgraphResponse, void, void>
}

/**
 * Subscribes to the module that owns the field and executes the rest of the plan for each of its events, on whatever
 * generation the client has by then. Pulls one event at a time.
 *
 * @returns the answers, or one answer of errors when the subscription could not begin. The stream ends with an error
 *   of its own when the client's schema no longer has the operation (SUBSCRIPTION_INVALIDATED) or its module went
 *   away (SUBSCRIPTION_INTERRUPTED). `return()` ends it at once, the module's side as well
 */
export async function subscribeOperation(
  request: SubscriptionRequest,
  acquire: Acquire,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const leaving = new AbortController()
  const signal = AbortSignal.any([request.signal, leaving.signal])
  const ending = { ...request, signal }
  try {
    using lease = await acquire()
    const running = await begin(ending, lease.generation)
    return endingPromptly(answerEvents(running, ending, { acquire, leaving }), leaving)
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] }
    throw error
  }
}

/** @throws {GraphQLError} when it cannot be planned, or its variables do not fit */
async function begin(request: SubscriptionRequest, { id, planner, subgraphs }: Generation): Promise<Running> {
  const operation = await planner.plan(request.document, request.operationName)
  return { generationId: id, operation, upstream: openUpstream(operation, request, { planner, subgraphs }) }
}

function openUpstream(
  operation: PlannedOperation,
  { variables, caller, signal }: SubscriptionRequest,
  { planner, subgraphs }: Pick<Generation, 'planner' | 'subgraphs'>,
): Running['upstream'] {
  const { primary } = subscriptionNode(operation)
  const coerced = coerceVariables(operation, planner.schema, variables)
  if (!coerced.ok) throw coerced.errors[0] ?? new TrellisError('BAD_USER_INPUT', 'The variables do not fit.')
  const subgraph = subgraphs.get(primary.serviceName)
  if (!subgraph) throw unavailable(primary.serviceName)
  const { operation: document, operationName } = primary
  return subgraph.subscribe(
    { document, operationName, variables: usedVariables(primary, coerced), caller },
    signal,
  )
}

async function* answerEvents(
  first: Running,
  request: SubscriptionRequest,
  { acquire, leaving }: { acquire: Acquire; leaving: AbortController },
): AsyncGenerator<ExecutionResult, void, void> {
  let running = first
  try {
    for (;;) {
      const event = await running.upstream.next()
      if (event.done) return
      const answered = await answerEvent(event.value, running, { request, acquire })
      running = answered.running
      yield answered.result
    }
  } catch (error) {
    if (!request.signal.aborted) yield { data: null, errors: [lastError(error)] }
  } finally {
    // Also ends an upstream that was opened for an event which then failed.
    leaving.abort()
    await running.upstream.return()
  }
}

type Answering = { request: SubscriptionRequest; acquire: Acquire }

/** @throws {GraphQLError} why the subscription ends here */
async function answerEvent(
  response: SubgraphResponse,
  running: Running,
  { request, acquire }: Answering,
): Promise<{ result: ExecutionResult; running: Running }> {
  using lease = await acquire()
  const { generation } = lease
  const moved = generation.id === running.generationId ? running : await moveTo(generation, running, request)
  const { schema } = generation.planner
  const { subgraphs } = generation
  // An event of the upstream that was left has the fields of the plan it was opened for.
  const isOwnEvent = moved.upstream === running.upstream
  const operation = isOwnEvent ? moved.operation : running.operation
  const result = await executeEvent(operation, response, { ...request, schema, subgraphs })
  return { result, running: moved }
}

/**
 * The subscription on the client's new generation: on the same upstream where the module is asked the same question,
 * else on a new one. Events between the two are not looked for.
 *
 * @throws {TrellisError} SUBSCRIPTION_INVALIDATED
 */
async function moveTo(
  generation: Generation,
  running: Running,
  request: SubscriptionRequest,
): Promise<Running> {
  const errors = validate(generation.planner.schema, request.document)
  if (errors.length > 0) throw invalidated(errors)
  const operation = await generation.planner.plan(request.document, request.operationName)
  const before = subscriptionNode(running.operation).primary
  const after = subscriptionNode(operation).primary
  const isSame = before.serviceName === after.serviceName && before.operation === after.operation
  if (isSame) return { ...running, generationId: generation.id, operation }
  const upstream = openUpstream(operation, request, generation)
  await running.upstream.return()
  return { generationId: generation.id, operation, upstream }
}

function invalidated(errors: readonly GraphQLError[]): TrellisError {
  return new TrellisError(
    'SUBSCRIPTION_INVALIDATED',
    'The schema has changed and this subscription is no longer valid in it.',
    { extensions: { errors: errors.map(({ message, locations }) => ({ message, locations })) } },
  )
}

function lastError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  return new TrellisError(
    'SUBSCRIPTION_INTERRUPTED',
    'The subscription was interrupted; subscribe again with the last cursor.',
    {
      originalError: error instanceof Error ? error : null,
    },
  )
}

/** Everything the generator waits for hears `leaving`, so that a `return()` behind a pending `next()` is not kept waiting. */
function endingPromptly<T>(
  answers: AsyncGenerator<T, void, void>,
  leaving: AbortController,
): AsyncGenerator<T, void, void> {
  const leave = () => {
    leaving.abort()
    return answers.return()
  }
  return {
    next: () => answers.next(),
    return: leave,
    async throw(error) {
      await leave()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await leave()
    },
  }
}
