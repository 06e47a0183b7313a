import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

/** A stock graphql-ws client, and a hand on its socket. */
export type Phone = {
  client: Client
  /** Reads nothing for a while: what is sent meanwhile waits on the other side. */
  stopReading(ms: number): void
}

export function openPhone(endpoint: string, connectionParams: Readonly<Record<string, string>>): Phone {
  let socket: WebSocket | undefined
  class OwnSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      // One that is closed before it was open says so with an error that nobody else would hear.
      this.on('error', () => undefined)
      socket = this
    }
  }
  const client = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams,
    webSocketImpl: OwnSocket,
    lazy: false,
    retryAttempts: 0,
    connectionAckWaitTimeout: 5_000,
    onNonLazyError: () => undefined,
  })
  return {
    client,
    stopReading(ms) {
      socket?.pause()
      setTimeout(() => socket?.resume(), ms).unref()
    },
  }
}
