import {
  type ConnectionOwner,
  type Exchange,
  type HttpConnection,
  openHttpConnection,
} from './http-connection.ts'
import type { HttpTarget } from './http-target.ts'

export type PoolOptions = Pick<ConnectionOwner, 'connectTimeoutMs' | 'maxResponseBytes' | 'tls'> & {
  /** The last of its connections has gone, and nobody waits for one. */
  onEmpty(): unknown
}

export type HttpPool = {
  /**
   * Sends a request on a connection that is free, a new one, or the next one that becomes free; `isFresh`: not on one
   * that was kept. Returns how to give it up.
   */
  send(exchange: Exchange, options: { isFresh: boolean }): () => void
  /** Closes what was kept too long. */
  sweep(): void
  /** Calls under way fail. */
  close(): void
}

const mostConnections = 128

/** The connections to one server. */
export function createHttpPool(target: HttpTarget, options: PoolOptions): HttpPool {
  const all = new Set<HttpConnection>()
  /** The one that was used last is used next: the others grow old and are closed. */
  const free: HttpConnection[] = []
  const waiting = new Set<Exchange>()

  const firstWaiting = (): Exchange | undefined => {
    for (const exchange of waiting) {
      waiting.delete(exchange)
      return exchange
    }
    return undefined
  }
  const owner: ConnectionOwner = {
    ...options,
    onFree(connection) {
      const next = firstWaiting()
      if (next) assign(next, connection)
      else free.push(connection)
    },
    onClose(connection) {
      all.delete(connection)
      const index = free.indexOf(connection)
      if (index >= 0) free.splice(index, 1)
      const next = firstWaiting()
      if (next) open(next)
      else if (all.size === 0) options.onEmpty()
    },
  }
  /** Which connection carries which call, for those who give up. */
  const carriers = new WeakMap<Exchange, HttpConnection>()
  const assign = (exchange: Exchange, connection: HttpConnection) => {
    carriers.set(exchange, connection)
    connection.send(exchange)
  }
  const open = (exchange: Exchange) => {
    const connection = openHttpConnection(target, exchange, owner)
    carriers.set(exchange, connection)
    all.add(connection)
  }
  const takeFree = (): HttpConnection | undefined => {
    for (let last = free.pop(); last; last = free.pop()) {
      if (last.isUsable()) return last
      last.close()
    }
    return undefined
  }
  return {
    send(exchange, { isFresh }) {
      const kept = isFresh ? undefined : takeFree()
      if (kept) assign(exchange, kept)
      else if (all.size < mostConnections) open(exchange)
      else waiting.add(exchange)
      return () => {
        if (!waiting.delete(exchange)) carriers.get(exchange)?.giveUp(exchange)
      }
    },
    sweep() {
      for (const connection of free.filter((each) => !each.isUsable())) connection.close()
    },
    close() {
      for (const exchange of waiting) exchange.onFailure(new Error('The client was closed.'), false)
      waiting.clear()
      for (const connection of all) connection.close()
    },
  }
}
