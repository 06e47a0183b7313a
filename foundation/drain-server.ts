import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Close } from './closing.ts'

/** Fastify, or whatever else stands on a server of Node's. */
export type Drainable = { server: Server; close(): PromiseLike<unknown> }

/** Whoever has opened a connection may be about to send its first request. */
const firstRequestWithinMs = 250

/**
 * Closes a server so that requests in flight may finish. Node ends connections that have carried a request and carry
 * none now; those that never carried any (health checks, connections opened ahead) would keep it open for as long as
 * their other side likes, and are ended here.
 *
 * @param app does not listen yet
 */
export function createDrain(app: Drainable): Close {
  const unused = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  app.server.on('request', ({ socket }) => unused.delete(socket))
  app.server.on('upgrade', ({ socket }) => unused.delete(socket))
  return async () => {
    const timer = setTimeout(() => {
      for (const socket of unused) socket.destroy()
    }, firstRequestWithinMs)
    try {
      await app.close()
    } finally {
      clearTimeout(timer)
    }
  }
}
