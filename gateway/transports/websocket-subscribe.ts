import { type Client, createClient } from 'graphql-ws/client'
import { WebSocket } from 'ws'
import type { Close } from '../../foundation/closing.ts'
import type { ModuleEndpoint } from './module-endpoint.ts'
import { isErrorList, readGraphqlResponse } from './read-graphql-response.ts'
import { createResponseQueue, type ResponseQueue } from './response-queue.ts'
import type { SubgraphResponse, SubgraphSubscribe } from './subgraph-fetch.ts'
import { interrupted, invalidResponse, unavailable } from './transport-errors.ts'

/** Events a slow consumer may leave waiting before its subscription is ended. */
const waitingEvents = 1_000
const pingEveryMs = 10_000
const pongWithinMs = 5_000

/** The socket to one instance, and the subscriptions on it. */
type Connection = { url: string; client: Client; queues: Set<ResponseQueue<SubgraphResponse>> }

/**
 * Subscriptions of one module over graphql-transport-ws: a socket per instance, shared, open while there are any.
 * A socket that ends takes its subscriptions with it: opening them again behind the reader's back would lose events.
 */
export function createWebSocketSubscribe(options: ModuleEndpoint): {
  subscribe: SubgraphSubscribe
  close: Close
} {
  const { audience, endpoint, sign } = options
  const connections = new Map<string, Connection>()

  const connectionTo = (url: string): Connection => {
    const open = connections.get(url)
    if (open) return open
    const queues: Connection['queues'] = new Set()
    const client = openClient(url, options, (wasOpen) => {
      forget(connection)
      for (const queue of [...queues]) queue.end(wasOpen ? interrupted(audience) : unavailable(audience))
    })
    const connection = { url, client, queues }
    connections.set(url, connection)
    return connection
  }
  /** A socket that is closing, also one whose last subscription has left, takes no new ones. */
  const forget = (connection: Connection) => {
    if (connections.get(connection.url) === connection) connections.delete(connection.url)
  }

  const subscribe: SubgraphSubscribe = ({ document, operationName, variables, caller }, signal) => {
    const leaving = new AbortController()
    const queue = createResponseQueue<SubgraphResponse>(waitingEvents, () => leaving.abort())
    const leave = () => void queue.responses.return()
    signal.addEventListener('abort', leave, { once: true })
    leaving.signal.addEventListener('abort', () => signal.removeEventListener('abort', leave))

    const start = async () => {
      const token =
        sign && caller.viewer
          ? await sign({ viewer: caller.viewer, depth: caller.depth }, audience)
          : undefined
      const url = endpoint()
      if (url === undefined) return queue.end(unavailable(audience))
      if (leaving.signal.aborted) return
      const connection = connectionTo(url)
      const { client, queues } = connection
      queues.add(queue)
      const unsubscribe = client.subscribe(
        {
          query: document,
          operationName,
          variables: { ...variables },
          extensions: { token, traceparent: caller.traceparent },
        },
        createSink(queue, audience),
      )
      leaving.signal.addEventListener('abort', () => {
        queues.delete(queue)
        if (queues.size === 0) forget(connection)
        unsubscribe()
      })
    }
    if (signal.aborted) leave()
    else start().catch((cause) => queue.end(unavailable(audience, cause)))
    return queue.responses
  }

  return {
    subscribe,
    async close() {
      for (const { client } of [...connections.values()]) client.terminate()
    },
  }
}

function createSink(queue: ResponseQueue<SubgraphResponse>, audience: string) {
  return {
    next(message: unknown) {
      const response = readGraphqlResponse(message)
      if (!response) return queue.end(invalidResponse(audience))
      if (!queue.push(response)) queue.end(interrupted(audience))
    },
    /** The module refused the operation, or the socket could not be opened. */
    error(cause: unknown) {
      if (!isErrorList(cause)) return queue.end(unavailable(audience, cause))
      queue.push({ data: null, errors: cause })
      queue.end()
    },
    complete: () => queue.end(),
  }
}

function openClient(
  url: string,
  { timeoutMs }: ModuleEndpoint,
  onClosed: (wasOpen: boolean) => void,
): Client {
  let wasOpen = false
  let pongIsLate: NodeJS.Timeout | undefined
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionAckWaitTimeout: timeoutMs,
    keepAlive: pingEveryMs,
    on: {
      connected() {
        wasOpen = true
      },
      ping(isReceived) {
        if (!isReceived) pongIsLate = setTimeout(() => client.terminate(), pongWithinMs)
      },
      pong(isReceived) {
        if (isReceived) clearTimeout(pongIsLate)
      },
      closed() {
        clearTimeout(pongIsLate)
        onClosed(wasOpen)
        // A disposed client does not connect again, as it otherwise would after a socket that closed normally.
        Promise.resolve(client.dispose()).catch(() => undefined)
      },
    },
  })
  return client
}
