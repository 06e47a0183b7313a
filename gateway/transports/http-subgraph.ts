import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { SignGatewayToken } from '../../foundation/gateway-token.ts'
import { createHttpClient, type HttpClient, type HttpPost } from './http-client.ts'
import { AnswerTooLarge, CallTimedOut, MalformedAnswer } from './http-failures.ts'
import { type HttpTarget, readHttpTarget } from './http-target.ts'
import { isQuery } from './is-query.ts'
import type { ModuleEndpoint } from './module-endpoint.ts'
import { reachInstance } from './reach-instance.ts'
import { acceptedTypes, readHttpAnswer } from './read-http-answer.ts'
import type { Caller, Subgraph, SubgraphFetch } from './subgraph-fetch.ts'
import { invalidResponse, timedOut, unavailable } from './transport-errors.ts'
import { createWebSocketSubscribe } from './websocket-subscribe.ts'
import { withDeduplication } from './with-deduplication.ts'

const defaultMaxResponseBytes = 64 * 1024 * 1024
const longestConnectMs = 5_000

/** A module reached over HTTP, its subscriptions over one shared WebSocket per instance. */
export function createHttpSubgraph(options: ModuleEndpoint): Subgraph & { close: Close } {
  const { timeoutMs, maxResponseBytes = defaultMaxResponseBytes, tls, inProcess } = options
  const connectTimeoutMs = Math.min(timeoutMs, longestConnectMs)
  const client = createHttpClient({ timeoutMs, connectTimeoutMs, maxResponseBytes, tls, inProcess })
  const { subscribe, close: closeSockets } = createWebSocketSubscribe(options)
  const fetch = createHttpFetch(client, options)
  return {
    fetch: options.deduplicates ? withDeduplication({ module: options.audience })(fetch) : fetch,
    subscribe,
    async close() {
      await Promise.all([closeSockets(), client.close()])
    },
  }
}

function createHttpFetch(client: HttpClient, options: ModuleEndpoint): SubgraphFetch {
  const { audience, sign } = options
  const targetOf = createTargetOf()
  return async (request, signal) => {
    const { document: query, operationName, caller } = request
    const headers = headersFor(caller, sign && (await authorizationFor(caller, audience, sign)))
    const body = request.body ?? JSON.stringify({ query, operationName, variables: request.variables })
    const isRepeatable = isQuery(query)
    const post = (url: string) =>
      client.post({ target: targetOf(url), headers, body, repeatable: isRepeatable }, signal)
    try {
      return readHttpAnswer(await reachInstance(options, post, { isRepeatable, signal }), audience, request)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof TrellisError ? error : transportError(audience, error)
    }
  }
}

function headersFor({ headers, traceparent }: Caller, authorization: string | null): HttpPost['headers'] {
  return {
    ...headers,
    'content-type': 'application/json',
    accept: acceptedTypes,
    ...(authorization ? { authorization } : {}),
    ...(traceparent ? { traceparent } : {}),
  }
}

/** Null where nobody is to be proven. */
async function authorizationFor(
  { viewer, depth }: Caller,
  audience: string,
  sign: SignGatewayToken,
): Promise<string | null> {
  return viewer && `Bearer ${await sign({ viewer, depth }, audience)}`
}

/** Instances take turns, and to read an URL costs as much as to send a request: the last few are kept. */
function createTargetOf(): (url: string) => HttpTarget {
  const mostKept = 100
  const known = new Map<string, HttpTarget>()
  return (url) => {
    const kept = known.get(url)
    if (kept) return kept
    if (known.size >= mostKept) known.clear()
    const target = readHttpTarget(url)
    known.set(url, target)
    return target
  }
}

function transportError(audience: string, cause: unknown): TrellisError {
  if (cause instanceof CallTimedOut) return timedOut(audience)
  const isInvalid = cause instanceof AnswerTooLarge || cause instanceof MalformedAnswer
  return isInvalid ? invalidResponse(audience) : unavailable(audience, cause)
}
