import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export type Answer<Data = Record<string, unknown>> = {
  data?: Data | null
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[]
}

/** One operation over HTTP, with the credentials' headers (`x-api-key`, `authorization`). */
export async function post<Data = Record<string, unknown>>(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  request: { query: string; variables?: object },
): Promise<Answer<Data>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  })
  return response.json() as Promise<Answer<Data>>
}

/** The same; that nobody answers is an error of the answer, without a code. */
export async function tryPost(...operation: Parameters<typeof post>): Promise<Answer> {
  return post(...operation).catch((error: unknown) => ({ errors: [{ message: String(error) }] }))
}

/** A stock graphql-ws client that does not reconnect by itself. */
export function openSocket(endpoint: string, connectionParams: Readonly<Record<string, string>>): Client {
  return createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  })
}

/** Takes so many payloads of a subscription, then ends it. */
export async function take<Data>(
  subscription: AsyncIterableIterator<{ data?: Data | null; errors?: unknown }, unknown, void>,
  count: number,
): Promise<Data[]> {
  const taken: Data[] = []
  while (taken.length < count) {
    const { value, done } = await subscription.next()
    if (done) throw new Error(`The subscription has ended after ${taken.length} of ${count} payloads.`)
    const { data, errors } = value as { data?: Data | null; errors?: unknown }
    if (errors || !data) throw new Error(`A payload with errors: ${JSON.stringify(errors)}`)
    taken.push(data)
  }
  await subscription.return?.()
  return taken
}
