import { setTimeout as delay } from 'node:timers/promises'
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { textOf } from '../planning/document-text.ts'
import type { RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Caller, SubgraphEvent } from '../transports/subgraph-fetch.ts'
import { eventSource, isSameSource } from './event-source.ts'
import { createPatience, type Patience } from './patience.ts'
import { createSwapWatch, type SwapWatch } from './swap-watch.ts'
import { type Generation, type GraphGenerations, openUpstream, type Upstream } from './upstream.ts'
import { type UpstreamEnd, whatNext } from './upstream-end.ts'

/** What a subscriber is sent for one event. */
export type Answer = {
  /** The GraphQL response, JSON. */
  text: string
  /** To go on after this event; null: it cannot be gone on with. */
  cursor: string | null
}

/** Where a stream stands that has no events at present. */
export type Place = { place: string }

export type FollowRequest = {
  document: DocumentNode
  operationName: string | undefined
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
  /** What rules made of the field's arguments. */
  rewritten?: RewrittenArguments
  caller: Caller
  /** Ends it and all that it has under way. */
  signal: AbortSignal
  /** To begin after; null: live. */
  cursor: string | null
  /** The subscriber has been answered before: a module that is away is waited for also at the beginning. */
  hasBegun: boolean
}

export type FollowOptions = {
  generations: Pick<GraphGenerations, 'acquire' | 'onSwap'>
  /** How an error is shown to the client. */
  format(error: GraphQLError): GraphQLFormattedError
  /** For how long a module that is away is waited for. In milliseconds. */
  patienceMs: number
}

/** Between attempts to plan, where too many wait. In milliseconds. */
const planningPause = 100
/** An upstream that lived so long was there, whether or not it had an event. In milliseconds. */
const settledAfter = 10_000

/**
 * Reads a module's stream and executes the rest of the plan for each of its events, on whatever generation the client
 * has by then; pulls one event at a time. A stream that breaks off is gone on with, from the place that was reached,
 * on whichever instance is there.
 *
 * @throws {GraphQLError} why the subscription ends: SUBSCRIPTION_INVALIDATED, SUBSCRIPTION_INTERRUPTED, SUBGRAPH_UNAVAILABLE,
 *   or what the module said when it was asked to go on (CURSOR_EXPIRED)
 */
export async function* followOperation(
  request: FollowRequest,
  options: FollowOptions,
): AsyncGenerator<Answer | Place, void, void> {
  const patience = createPatience(options.patienceMs)
  const swaps = createSwapWatch(options.generations.onSwap)
  let upstream: Upstream | null = null
  let { hasBegun } = request
  let barren = 0
  try {
    upstream = await begin(request, options)
    for (;;) {
      const taken = await takeStep(upstream, swaps, { request, options })
      const { step } = taken
      upstream = taken.upstream
      if (request.signal.aborted) return
      if ('end' in step) {
        const next = whatNext(step.end, { upstream, hasBegun, barren })
        if (next.kind === 'answer') {
          yield (await answerEvent(next.response, upstream, { request, options })).answer
        }
        if (next.kind !== 'reopen') return
        barren += step.end.kind === 'completed' ? 1 : 0
        upstream = await reopen(upstream, request, { options, patience })
        continue
      }
      hasBegun = true
      if (isEvent(step.event)) {
        patience.restored()
        barren = 0
        const answered = await answerEvent(step.event, upstream, { request, options })
        upstream = answered.upstream
        yield answered.answer
      } else if (step.event.place !== undefined) {
        upstream = { ...upstream, cursor: step.event.place }
        yield { place: step.event.place }
      }
    }
  } finally {
    swaps.stop()
    await upstream?.events.return()
  }
}

async function begin(request: FollowRequest, { generations }: FollowOptions): Promise<Upstream> {
  using lease = await generations.acquire()
  const { generation } = lease
  const operation = await planAnew(generation, request)
  return openUpstream(operation, generation, request)
}

type Step = { event: SubgraphEvent } | { end: UpstreamEnd }

/** The next event, or the end. Until it is there, the subscription moves to each generation that is swapped in. */
async function takeStep(
  upstream: Upstream,
  swaps: SwapWatch,
  { request, options }: Answering,
): Promise<{ step: Step; upstream: Upstream }> {
  let standing = upstream
  let taking = takeEvent(standing)
  try {
    for (;;) {
      const step = await swaps.orSwap(taking)
      if (step) return { step, upstream: standing }
      const moved = await moveAtOnce(standing, { request, options })
      if (moved.events !== standing.events) taking = takeEvent(moved)
      standing = moved
    }
  } catch (error) {
    await standing.events.return()
    if (!request.signal.aborted) throw error
    return { step: { end: { kind: 'completed' } }, upstream: standing }
  }
}

/** @throws {TrellisError} SUBSCRIPTION_INVALIDATED */
async function moveAtOnce(upstream: Upstream, { request, options }: Answering): Promise<Upstream> {
  try {
    using lease = await options.generations.acquire()
    return await moveTo(lease.generation, upstream, request)
  } catch (error) {
    // Its next event comes from a module that is there.
    if (isAway(error)) return upstream
    throw error
  }
}

async function takeEvent({ events }: Upstream): Promise<Step> {
  try {
    const step = await events.next()
    return step.done ? { end: { kind: 'completed' } } : { event: step.value }
  } catch (error) {
    return { end: { kind: 'failed', error } }
  }
}

/** A message may say nothing but where the stream stands. */
function isEvent({ data, errors, text }: SubgraphEvent): boolean {
  return data !== undefined || errors !== undefined || text !== undefined
}

type Answering = { request: FollowRequest; options: FollowOptions }

/** @throws {GraphQLError} why the subscription ends here */
async function answerEvent(
  event: SubgraphEvent,
  upstream: Upstream,
  { request, options }: Answering,
): Promise<{ answer: Answer; upstream: Upstream }> {
  using lease = await options.generations.acquire()
  const { generation } = lease
  const cursor = upstream.source.places?.cursorOf(event) ?? upstream.cursor
  const reached = { ...upstream, cursor }
  const moved = await moveTo(generation, reached, request)
  // An event of the upstream that was left has the fields of the plan it was opened for.
  const { operation } = moved.events === upstream.events ? moved : upstream
  const result = await generation.executor.executeEvent(operation, event, request)
  return { answer: { text: answerText(result, options), cursor }, upstream: moved }
}

/**
 * The subscription on the client's present generation: on the same upstream where the module is asked the same
 * question, else on a new one, from the place that was reached; where none is known, from now on.
 *
 * @throws {TrellisError} SUBSCRIPTION_INVALIDATED
 */
async function moveTo(generation: Generation, upstream: Upstream, request: FollowRequest): Promise<Upstream> {
  const { cursor } = upstream
  if (generation.id === upstream.generationId) return upstream
  const operation = await planAnew(generation, request)
  const source = eventSource(operation)
  if (isSameSource(source, upstream.source)) {
    return { ...upstream, generationId: generation.id, operation, source }
  }
  const opened = openUpstream(operation, generation, { ...request, cursor })
  await upstream.events.return()
  return opened
}

/** Where too many operations wait to be planned, as they may after a swap, it waits until they do not. */
async function planAnew(
  { planner }: Generation,
  { document, operationName, signal }: FollowRequest,
): Promise<PlannedOperation> {
  const query = textOf(document)
  for (;;) {
    const prepared = await planner.prepare({ query, operationName, signal })
    if (prepared.ok) return prepared.operation
    const [error] = prepared.errors
    switch (error?.extensions.code) {
      case 'PLANNING_OVERLOADED':
        await delay(planningPause * (1 + Math.random()), undefined, { signal })
        break
      case 'GRAPHQL_VALIDATION_FAILED':
        throw invalidated(prepared.errors)
      default:
        throw error ?? new Error('Refused without a reason.')
    }
  }
}

/** @throws {GraphQLError} SUBSCRIPTION_INTERRUPTED when the module has been away for too long, SUBSCRIPTION_INVALIDATED */
async function reopen(
  upstream: Upstream,
  request: FollowRequest,
  { options, patience }: { options: FollowOptions; patience: Patience },
): Promise<Upstream> {
  if (Date.now() - upstream.openedAt > settledAfter) patience.restored()
  for (;;) {
    await patience.beforeAttempt(upstream.source.serviceName, request.signal)
    try {
      using lease = await options.generations.acquire()
      const { generation } = lease
      const isSame = generation.id === upstream.generationId
      const operation = isSame ? upstream.operation : await planAnew(generation, request)
      return openUpstream(operation, generation, { ...request, cursor: upstream.cursor })
    } catch (error) {
      if (!isAway(error)) throw error
    }
  }
}

/** Without its module the client may have no schema, or one without the module: for a moment. */
function isAway(error: unknown): boolean {
  return error instanceof TrellisError && ['NO_SCHEMA', 'SUBGRAPH_UNAVAILABLE'].includes(error.code)
}

function invalidated(errors: readonly GraphQLError[]): TrellisError {
  return new TrellisError(
    'SUBSCRIPTION_INVALIDATED',
    'The schema has changed and this subscription is no longer valid in it.',
    { extensions: { errors: errors.map(({ message, locations }) => ({ message, locations })) } },
  )
}

function answerText({ errors, ...rest }: ExecutionResult, { format }: Pick<FollowOptions, 'format'>): string {
  return JSON.stringify(errors ? { ...rest, errors: errors.map(format) } : rest)
}
