import { Agent, errors as undiciErrors } from 'undici'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { ModuleEndpoint } from './module-endpoint.ts'
import { readGraphqlResponse } from './read-graphql-response.ts'
import type { Caller, Subgraph, SubgraphFetch } from './subgraph-fetch.ts'
import { invalidResponse, timedOut, unavailable } from './transport-errors.ts'
import { createWebSocketSubscribe } from './websocket-subscribe.ts'

const connectionsPerInstance = 128
const maxResponseBytes = 64 * 1024 * 1024

/** A module reached over HTTP, its subscriptions over one shared WebSocket per instance. */
export function createHttpSubgraph(options: ModuleEndpoint): Subgraph & { close: Close } {
  const agent = new Agent({ connections: connectionsPerInstance, maxResponseSize: maxResponseBytes })
  const { subscribe, close: closeSockets } = createWebSocketSubscribe(options)
  return {
    fetch: createHttpFetch(agent, options),
    subscribe,
    async close() {
      await Promise.all([closeSockets(), agent.destroy()])
    },
  }
}

function createHttpFetch(
  agent: Agent,
  { audience, endpoint, sign, timeoutMs }: ModuleEndpoint,
): SubgraphFetch {
  return async ({ document, operationName, variables, caller }, signal) => {
    const url = endpoint()
    if (url === undefined) throw unavailable(audience)
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const authorization = await authorizationFor(caller, audience, sign)
      const { statusCode, body } = await agent.request({
        origin: new URL(url).origin,
        path: `${new URL(url).pathname}${new URL(url).search}`,
        method: 'POST',
        headers: {
          ...caller.headers,
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
          ...(authorization ? { authorization } : {}),
          ...(caller.traceparent ? { traceparent: caller.traceparent } : {}),
        },
        body: JSON.stringify({ query: document, operationName, variables }),
        signal: AbortSignal.any([signal, deadline]),
      })
      const response = readGraphqlResponse(parseJson(await body.text()))
      if (response) return response
      throw statusCode >= 502 && statusCode <= 504 ? unavailable(audience) : invalidResponse(audience)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof TrellisError ? error : transportError(audience, error, deadline.aborted)
    }
  }
}

/** Undefined where nobody is to be proven. */
async function authorizationFor(
  { viewer, depth }: Caller,
  audience: string,
  sign: SignGatewayToken | null,
): Promise<string | undefined> {
  return sign && viewer ? `Bearer ${await sign({ viewer, depth }, audience)}` : undefined
}

function transportError(audience: string, cause: unknown, isLate: boolean): TrellisError {
  if (isLate || isTimeout(cause)) return timedOut(audience)
  return cause instanceof undiciErrors.ResponseExceededMaxSizeError
    ? invalidResponse(audience)
    : unavailable(audience, cause)
}

function isTimeout(cause: unknown): boolean {
  return (
    cause instanceof undiciErrors.HeadersTimeoutError ||
    cause instanceof undiciErrors.BodyTimeoutError ||
    cause instanceof undiciErrors.ConnectTimeoutError
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
