import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { GraphqlRequest } from './graphql-request.ts'
import { RequestError } from './request-error.ts'

/** Automatic persisted queries, as Apollo's clients speak them: a hash stands for a query that was sent before. */
export type PersistedQueries = {
  /**
   * The text that a request asks with, sent along or known.
   *
   * @throws {RequestError} BAD_REQUEST, PERSISTED_QUERY_NOT_FOUND
   */
  textOf(request: GraphqlRequest): string
  /** Keeps the text of a request that turned out to be valid, where it came with its hash. */
  keep(request: GraphqlRequest): void
}

/** At most 2,000 queries, without taking room for them before they come. */
const kept = { characters: 4_000_000, atLeast: 2_000 }

export function createPersistedQueries(): PersistedQueries {
  const texts = new LRUCache<string, string>({
    maxSize: kept.characters,
    sizeCalculation: (text) => Math.max(text.length, kept.atLeast),
  })
  return {
    textOf(request) {
      const { query } = request
      const hash = readHash(request)
      if (hash === undefined) {
        if (query) return query
        throw new RequestError(
          'BAD_REQUEST',
          'GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.',
        )
      }
      return query ?? texts.get(hash) ?? notFound()
    },
    keep({ query, extensions }) {
      if (query && extensions?.persistedQuery) texts.set(hashOf(query), query)
    },
  }
}

/**
 * The hash that a request was sent with, if any: it is that of the query, where both were sent.
 *
 * @throws {RequestError} BAD_REQUEST
 */
export function readHash({ query, extensions }: GraphqlRequest): string | undefined {
  const persisted = extensions?.persistedQuery
  if (!persisted) return undefined
  const { version, sha256Hash } = persisted as { version?: unknown; sha256Hash?: unknown }
  if (version !== 1) throw new RequestError('BAD_REQUEST', 'Unsupported persisted query version')
  if (query !== undefined && hashOf(query) !== sha256Hash) {
    throw new RequestError('BAD_REQUEST', 'provided sha does not match query')
  }
  return typeof sha256Hash === 'string' ? sha256Hash : ''
}

function notFound(): never {
  throw new RequestError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', {
    status: 200,
    headers: { 'cache-control': 'private, no-cache, must-revalidate' },
  })
}

function hashOf(query: string): string {
  return createHash('sha256').update(query).digest('hex')
}
