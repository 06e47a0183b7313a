import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Close } from '../foundation/closing.ts'
import { createDrain } from '../foundation/drain-server.ts'
import type { Log } from '../foundation/log.ts'
import type { Authenticator } from './access/authenticate.ts'
import { createHttpServer } from './http/http-server.ts'
import { createEventStreams } from './http/sse-route.ts'
import type { AcquireGraph } from './pipeline.ts'
import { createSocketCounts, defaultSocketLimits, type SocketLimits } from './ws/socket-limits.ts'
import { startWebSocketServer } from './ws/websocket-server.ts'

export type DoorOptions = {
  authenticator: Authenticator
  acquire: AcquireGraph
  /** Calls back whenever credentials may have ended; returns how to leave. */
  onCredentialsChange(listener: () => void): () => void
  /** What does not work although operations are answered, for people to read. @default nothing */
  faults?(): string[]
  limits?: Partial<SocketLimits> | undefined
  log: Log
}

export type Door = {
  /** More routes may be added until it listens. */
  server: FastifyInstance
  /** Begins to answer; resolves with where. @throws when the port is taken */
  listen(address: { host: string; port: number }): Promise<string>
  /** Stops accepting and lets operations in flight end. */
  close: Close
}

/** All ways in: HTTP and WebSocket on one port. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { authenticator, acquire, log } = options
  const limits = { ...defaultSocketLimits, ...options.limits }
  // An event stream and a socket are the same to whoever has too many of them.
  const counts = createSocketCounts(limits)
  const eventStreams = createEventStreams({ ...options, counts })
  const server = await createHttpServer({
    authenticate: authenticator.authenticate,
    acquire,
    eventStreams,
    faults: options.faults ?? (() => []),
    log,
  })
  const drain = createDrain(server)
  const closeSockets = startWebSocketServer({ ...options, limits, counts, server: server.server })
  return {
    server,
    async listen(address) {
      await server.listen(address)
      return urlOf(server.server.address(), address.host)
    },
    async close() {
      await Promise.all([closeSockets(), eventStreams.close(), drain()])
    },
  }
}

/** As others on this machine reach it. */
function urlOf(address: string | AddressInfo | null, host: string): string {
  if (address === null || typeof address === 'string') throw new Error('The server has no address.')
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}`
}
