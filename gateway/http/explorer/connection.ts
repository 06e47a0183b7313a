import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit'
import { type DocumentNode, parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { type Credentials, connectionParamsOf, headersOf } from './credentials.ts'

export type Connection = { fetcher: Fetcher; close(): void }

/** Queries and mutations over HTTP, subscriptions over one WebSocket, both on this gateway's `/graphql`. */
export function connect(credentials: Credentials): Connection {
  const url = new URL('/graphql', location.href)
  const wsUrl = new URL(url)
  wsUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const wsClient = createClient({ url: wsUrl.href, connectionParams: connectionParamsOf(credentials) })
  const fetcher = createGraphiQLFetcher({ url: url.href, headers: headersOf(credentials), wsClient })
  return {
    // The editor hands over the document as it was a moment ago: run at once, a new subscription would go over HTTP.
    fetcher: (params, options) => fetcher(params, { ...options, ...parsed(params.query) }),
    close: () => void wsClient.dispose(),
  }
}

/** A document with a mistake is sent as it is: the gateway says what is wrong with it. */
function parsed(query: string): { documentAST?: DocumentNode } {
  try {
    return { documentAST: parse(query) }
  } catch {
    return {}
  }
}
