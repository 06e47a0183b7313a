import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import type { SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { SubscriptionRefused } from '../transports/subscription-refused.ts'
import { interrupted } from '../transports/transport-errors.ts'
import type { Upstream } from './upstream.ts'

export type UpstreamEnd = { kind: 'completed' } | { kind: 'failed'; error: unknown }

/** What follows when the module's stream has ended. */
export type Next = { kind: 'reopen' } | { kind: 'end' } | { kind: 'answer'; response: SubgraphResponse }

export type Standing = {
  upstream: Pick<Upstream, 'source' | 'cursor'>
  hasBegun: boolean
  /** How many streams in a row were completed by the module without an event. */
  barren: number
}

/** A log has no end: a stream of one that is completed is a module that closes. But not again and again. */
const mostBarren = 3

/** @throws {GraphQLError} why the subscription ends */
export function whatNext(end: UpstreamEnd, standing: Standing): Next {
  const { source, cursor } = standing.upstream
  const canGoOn = source.places !== null && cursor !== null
  if (end.kind === 'completed') return { kind: canGoOn && standing.barren < mostBarren ? 'reopen' : 'end' }
  const { error } = end
  if (error instanceof SubscriptionRefused) {
    if (!standing.hasBegun) return { kind: 'answer', response: { data: null, errors: error.errors } }
    if (canGoOn && error.errors.every(isPassing)) return { kind: 'reopen' }
    throw asError(error.errors[0])
  }
  if (!isLoss(error)) throw error
  if (!standing.hasBegun && error.code === 'SUBGRAPH_UNAVAILABLE') throw error
  if (!canGoOn) throw interrupted(source.serviceName)
  return { kind: 'reopen' }
}

function isLoss(error: unknown): error is TrellisError {
  return (
    error instanceof TrellisError &&
    ['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT', 'SUBSCRIPTION_INTERRUPTED'].includes(error.code)
  )
}

/** A code that is not of the platform is the module's own answer. */
function statusOf(code: string): number {
  return Object.entries(errorCatalogue).find(([known]) => known === code)?.[1].status ?? 400
}

/** Faults of a module that starts, or whose database is away; and of an instance that has another version. */
function isPassing({ extensions }: GraphQLFormattedError): boolean {
  const code = extensions?.code
  if (code === 'UNAUTHENTICATED' || code === 'GRAPHQL_VALIDATION_FAILED') return true
  return typeof code !== 'string' || statusOf(code) >= 500
}

function asError(error: GraphQLFormattedError | undefined): GraphQLError {
  return new GraphQLError(error?.message ?? 'The subscription was ended.', {
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...error?.extensions },
  })
}
