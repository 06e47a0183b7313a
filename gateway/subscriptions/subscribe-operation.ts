import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Caller } from '../transports/subgraph-fetch.ts'
import { eventSource } from './event-source.ts'
import { type Answer, type FollowRequest, followOperation, type Place } from './follow-operation.ts'
import { type Answers, readGroup } from './read-group.ts'
import { createStreamGroup, type StreamGroup } from './stream-group.ts'
import { subscriptionKey } from './subscription-key.ts'
import { askSubscriptionRules } from './subscription-rules.ts'
import { coercedOrThrow, type GraphGenerations } from './upstream.ts'

export type SubscriptionRequest = {
  /** Valid in the schema of the generation it begins on. */
  document: DocumentNode
  operationName: string | undefined
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
  caller: Caller
  /** Ends the subscription. */
  signal: AbortSignal
  /** To go on after, instead of what the operation says. */
  resume?: Resume | undefined
}

export type Resume = {
  cursor: string
  /** It was answered up to here on this gateway: a module that is away is waited for. */
  hasBegun: boolean
}

export type SubscribeOperation = (
  request: SubscriptionRequest,
  generations: GraphGenerations,
) => Promise<Answers | ExecutionResult>

export type SubscriptionsOptions = {
  /** How an error is shown to the client. */
  format(error: GraphQLError): GraphQLFormattedError
  /** For how long a module that went away is waited for. In milliseconds. @default 60_000 */
  patienceMs?: number
}

const patient = 60_000

/**
 * The subscriptions of this process. Those that are answered alike share one stream of the module, one execution per
 * event and one text; each has its own pace.
 *
 * @returns the answers, or one answer of errors when the subscription cannot begin
 */
export function createSubscribeOperation(options: SubscriptionsOptions): SubscribeOperation {
  const { format, patienceMs = patient } = options
  const groups = new Map<string, StreamGroup>()

  const openGroup = (key: string, hasPlaces: boolean, { request, generations }: Opening): StreamGroup => {
    // Not all of the request: what the first subscriber has opened may outlive it.
    const { document, operationName, variables, rewritten, caller } = request
    const group = createStreamGroup({
      hasPlaces,
      open: (cursor, hasBegun) =>
        followUntilLeft(
          { document, operationName, variables, ...(rewritten && { rewritten }), caller, cursor, hasBegun },
          { generations, format, patienceMs },
        ),
      onEmpty() {
        if (groups.get(key) === group) groups.delete(key)
      },
    })
    groups.set(key, group)
    return group
  }

  return async (request, generations) => {
    try {
      using lease = await generations.acquire()
      const { planner, rules } = lease.generation
      const planned = await planner.plan(request.document, request.operationName)
      const asked = coercedOrThrow(planned, request.variables)
      const rewritten = await askSubscriptionRules(planned, rules, { ...request, variables: asked })
      const variables = coercedOrThrow(planned, request.variables, rewritten)
      const { places, serviceName } = eventSource(planned)

      const ruled = { ...request, ...(rewritten && { rewritten }) }
      const key = subscriptionKey(planned, ruled)
      const group = groups.get(key) ?? openGroup(key, places !== null, { request: ruled, generations })
      const { cursor, hasBegun } = request.resume ?? {
        cursor: places?.start(variables) ?? null,
        hasBegun: false,
      }
      const onEnd = generations.subscribed()
      return readGroup(group, { cursor, hasBegun, module: serviceName, signal: request.signal, onEnd })
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [error] }
      throw error
    }
  }
}

type RuledRequest = SubscriptionRequest & Pick<FollowRequest, 'rewritten'>
type Opening = { request: RuledRequest; generations: GraphGenerations }

type Followed = AsyncGenerator<Answer | Place, void, void>
type Following = Parameters<typeof followOperation>

/** Everything the stream waits for hears that it is left, so that a `return()` behind a pending `next()` is not kept waiting. */
function followUntilLeft(request: Omit<FollowRequest, 'signal'>, options: Following[1]): Followed {
  const leaving = new AbortController()
  const answers = followOperation({ ...request, signal: leaving.signal }, options)
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
