import { type Client, createClient } from 'graphql-ws/client'
import { type RawData, WebSocket } from 'ws'
import type { Close } from '../../foundation/closing.ts'
import type { ModuleEndpoint } from './module-endpoint.ts'
import { isErrorList, readGraphqlResponse } from './read-graphql-response.ts'
import { createResponseQueue, type ResponseQueue } from './response-queue.ts'
import type { SubgraphEvent, SubgraphSubscribe } from './subgraph-fetch.ts'
import { SubscriptionRefused } from './subscription-refused.ts'
import { interrupted, invalidResponse, unavailable } from './transport-errors.ts'

/** What a slow reader may leave waiting before its subscription is broken off: a thousand events, fewer large ones. */
const waitingBytes = 2 * 1024 * 1024
/** What an event costs beside its text, roughly. */
const eventBytes = 2 * 1024
const pingEveryMs = 10_000
const pongWithinMs = 5_000

/** The socket to one instance, and the subscriptions on it. */
type Connection = { url: string; client: ModuleClient; queues: Set<ResponseQueue<SubgraphEvent>> }

/**
 * Subscriptions of one module over graphql-transport-ws: a socket per instance, shared, open while there are any.
 * A socket that ends takes its subscriptions with it: their readers know the places they can be gone on with from.
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
    const queue = createResponseQueue<SubgraphEvent>(waitingBytes, () => leaving.abort())
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
          // A module that knows places says with `extensions.place` where the subscription begins.
          extensions: {
            token,
            traceparent: caller.traceparent,
            headers: caller.headers,
            wantsPlace: true,
          },
        },
        createSink(queue, client, audience),
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

function createSink(queue: ResponseQueue<SubgraphEvent>, client: ModuleClient, audience: string) {
  return {
    next(message: unknown) {
      const event = readEvent(message)
      if (!event) return queue.end(invalidResponse(audience))
      // Errors and no data at all: it was not executed.
      if (event.errors && event.data === undefined) return queue.end(new SubscriptionRefused(event.errors))
      if (!queue.push(event, client.latestBytes() + eventBytes)) queue.end(interrupted(audience))
    },
    /** The module refused the operation, or the socket could not be opened. */
    error(cause: unknown) {
      queue.end(isErrorList(cause) ? new SubscriptionRefused(cause) : unavailable(audience, cause))
    },
    complete: () => queue.end(),
  }
}

function readEvent(message: unknown): SubgraphEvent | null {
  const place = readPlace(message)
  const response = readGraphqlResponse(message)
  if (place === undefined) return response
  return { ...(response?.data || response?.errors ? response : {}), place }
}

function readPlace(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('extensions' in message)) return undefined
  const { extensions } = message
  if (typeof extensions !== 'object' || extensions === null || !('place' in extensions)) return undefined
  return typeof extensions.place === 'string' ? extensions.place : undefined
}

type ModuleClient = Client & {
  /** The size of the message that was received last. */
  latestBytes(): number
}

function openClient(
  url: string,
  { timeoutMs }: ModuleEndpoint,
  onClosed: (wasOpen: boolean) => void,
): ModuleClient {
  let wasOpen = false
  let latestBytes = 0
  let pongIsLate: NodeJS.Timeout | undefined
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionAckWaitTimeout: timeoutMs,
    keepAlive: pingEveryMs,
    on: {
      opened(socket) {
        // Before the client reads the message.
        if (socket instanceof WebSocket) {
          socket.prependListener('message', (data) => {
            latestBytes = sizeOf(data)
          })
        }
      },
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
  return { ...client, latestBytes: () => latestBytes }
}

function sizeOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((size, { length }) => size + length, 0) : data.byteLength
}
