import type { GraphQLFormattedError } from 'graphql'
import type { ClientViewer } from '../../foundation/viewer.ts'

/**
 * The one way from the executor to a subgraph. It cannot tell a module from a lambda host or an in-process schema,
 * and behaviour (timeouts, retries, tracing) folds around it: `withTimeout(ms)(next)`.
 *
 * @throws {TrellisError} SUBGRAPH_UNAVAILABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_INVALID_RESPONSE; a GraphQL answer with
 *   errors is an answer, not an exception
 */
export type SubgraphFetch = (request: SubgraphRequest, signal: AbortSignal) => Promise<SubgraphResponse>

/**
 * The same for a subscription. Ends when the subgraph completes it; `signal` ends it from this side.
 *
 * @throws {SubscriptionRefused} from `next()`: the subgraph ends it with errors
 * @throws {TrellisError} from `next()`, SUBGRAPH_UNAVAILABLE: it could not begin; SUBSCRIPTION_INTERRUPTED: it broke off
 */
export type SubgraphSubscribe = (
  request: SubgraphRequest,
  signal: AbortSignal,
) => AsyncGenerator<SubgraphEvent, void, void>

/** An event; or, where there is only `place`, word of where in its stream the subscription stands. */
export type SubgraphEvent = SubgraphResponse & { place?: string }

export type Subgraph = { fetch: SubgraphFetch; subscribe: SubgraphSubscribe }

export type SubgraphRequest = {
  /** GraphQL text, one operation. */
  document: string
  operationName: string | undefined
  variables: Readonly<Record<string, unknown>>
  caller: Caller
  /** The same as the text of a GraphQL-over-HTTP body, `{"query","operationName","variables"}`, where it is already written. */
  body?: string
  /** Whoever asks would rather read the answer's text: a transport that has one may leave it unread, see `SubgraphResponse`. */
  wantsText?: true
}

/** Either read (`data`, `errors`), or, for a request that wants it, the text of an answer that succeeded as HTTP. */
export type SubgraphResponse = {
  data?: Readonly<Record<string, unknown>> | null
  errors?: readonly GraphQLFormattedError[]
  /** JSON, supposedly; whoever asked reads it with `readResponseText`. Never beside `data` or `errors`. */
  text?: string
  /** `text` is known to have nothing but ASCII: what is made of it can be encoded byte by byte. */
  isAscii?: boolean
}

/** For whom an operation runs. Null viewer: a gateway without authentication (`--supergraph`). */
export type Caller = {
  viewer: ClientViewer | null
  /** How many lambdas stand between the caller and this operation. */
  depth: number
  /** W3C trace context, passed on to every subgraph. */
  traceparent: string | undefined
  /** Headers of the caller's own that are passed on to every subgraph; lower-case names. They may change any answer. */
  headers?: Readonly<Record<string, string>>
  /** What a team's own Apollo Server knows of the operation, for its data sources. Such answers are not shared. */
  incoming?: object
}
