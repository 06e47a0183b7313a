import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Close } from './closing.ts'

/** Fastify, or whatever else stands on a server of Node's. */
export type Drainable = { server: Server; close(): PromiseLike<unknown> }

/** Whoever has opened a connection may be about to send its first request. */
const firstRequestWithinMs = 250

/**
 * Closes a server so that requests in flight may finish. Of connections that are kept alive Node ends only those that
 * carry nothing at that moment. Those that are being answered are told to end with the answer, and ended with it; those
 * that never carried any request (health checks, connections opened ahead) are ended here. Either would keep the server
 * open for as long as its other side likes.
 *
 * @param app does not listen yet
 */
export function createDrain(app: Drainable): Close {
  const unused = new Set<Socket>()
  const answers = new Set<ServerResponse>()
  let closing = false
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  app.server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    unused.delete(socket)
    answers.add(answer)
    if (closing) announceEnd(answer)
    answer.once('close', () => {
      answers.delete(answer)
      if (closing) app.server.closeIdleConnections()
    })
  })
  app.server.on('upgrade', ({ socket }) => unused.delete(socket))
  return async () => {
    closing = true
    for (const answer of answers) announceEnd(answer)
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

function announceEnd(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('connection', 'close')
}
