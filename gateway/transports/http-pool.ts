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

/** Which connection carries it, for who gives it up; null while it waits. */
type Sent = { exchange: Exchange; carrier: HttpConnection | null }

/** The connections to one server. */
export function createHttpPool(target: HttpTarget, options: PoolOptions): HttpPool {
  const all = new Set<HttpConnection>()
  /** The one that was used last is used next: the others grow old and are closed. */
  const free: HttpConnection[] = []
  const waiting = new Set<Sent>()

  const firstWaiting = (): Sent | undefined => {
    for (const sent of waiting) {
      waiting.delete(sent)
      return sent
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
  const assign = (sent: Sent, connection: HttpConnection) => {
    sent.carrier = connection
    connection.send(sent.exchange)
  }
  const open = (sent: Sent) => {
    sent.carrier = openHttpConnection(target, sent.exchange, owner)
    all.add(sent.carrier)
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
      const sent: Sent = { exchange, carrier: null }
      const kept = isFresh ? undefined : takeFree()
      if (kept) assign(sent, kept)
      else if (all.size < mostConnections) open(sent)
      else waiting.add(sent)
      return () => {
        if (!waiting.delete(sent)) sent.carrier?.giveUp(exchange)
      }
    },
    sweep() {
      for (const connection of free.filter((each) => !each.isUsable())) connection.close()
    },
    close() {
      for (const { exchange } of waiting) exchange.onFailure(new Error('The client was closed.'), false)
      waiting.clear()
      for (const connection of all) connection.close()
    },
  }
}
