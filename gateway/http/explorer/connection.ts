import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit'
import { createClient } from 'graphql-ws'
import { type Credentials, connectionParamsOf, headersOf } from './credentials.ts'

export type Connection = { fetcher: Fetcher; close(): void }

/** Queries and mutations over HTTP, subscriptions over one WebSocket, both on this gateway's `/graphql`. */
export function connect(credentials: Credentials): Connection {
  const url = new URL('/graphql', location.href)
  const wsUrl = new URL(url)
  wsUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const wsClient = createClient({ url: wsUrl.href, connectionParams: connectionParamsOf(credentials) })
  return {
    fetcher: createGraphiQLFetcher({ url: url.href, headers: headersOf(credentials), wsClient }),
    close: () => void wsClient.dispose(),
  }
}
