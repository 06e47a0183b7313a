import type { Ask } from './isolate-process.ts'

const timeoutMs = 10_000

/**
 * Answers an isolate's questions to the graph with the rights of the call they belong to: the gateway's own token for
 * that call goes back to the gateway. It never enters the isolate, and is forgotten with the call.
 */
export function createAsk(gatewayUrl: string, token: string, traceparent: string | undefined): Ask {
  const url = new URL('/graphql', gatewayUrl)
  return async (request) => {
    const { document, variables } = JSON.parse(request)
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(traceparent && { traceparent }),
      },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return response.text()
  }
}
