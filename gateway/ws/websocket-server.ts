import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { bounded, type Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { Authenticator } from '../access/authenticate.ts'
import type { AcquireGraph } from '../pipeline.ts'
import type { Answer } from '../subscriptions/follow-operation.ts'
import { createShowError } from '../supergraph/show-error.ts'
import { startHeartbeat } from './heartbeat.ts'
import { openSession, type Session, type SessionOptions } from './open-session.ts'
import { createRunOperation } from './run-operation.ts'
import { serveSocket } from './serve-socket.ts'
import { createSocketChannel, encodeText } from './socket-channel.ts'
import { closings } from './socket-closings.ts'
import type { SocketCounts, SocketLimits } from './socket-limits.ts'

export type WebSocketOptions = {
  /** The HTTP server, whose upgrades of `/graphql` are taken. */
  server: Server
  authenticator: Authenticator
  acquire: AcquireGraph
  /** Calls back whenever credentials may have ended; returns how to leave. */
  onCredentialsChange(listener: () => void): () => void
  limits: SocketLimits
  counts: SocketCounts
  log: Log
}

/** For what is under way, and then for the other side to say good-bye. In milliseconds. */
const answeredWithinMs = 2_000
const closedWithinMs = 1_000

/**
 * graphql-transport-ws on `/graphql`. Credentials come in `connection_init` as `apiKey` and `authorization`; who is
 * refused is closed with 4403 and the error's code as the reason, and so is, later, whose credentials end.
 */
export function startWebSocketServer(options: WebSocketOptions): Close {
  const { server, limits, log } = options
  const show = createShowError(log)
  const run = createRunOperation({ acquire: options.acquire, show })
  const sessionOptions = { ...options, show, run, encode: createEncoder() }
  const sessions = new Set<Session>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, handleProtocols })
  const stopHeartbeat = startHeartbeat(sockets.clients, limits.pingEveryMs)
  const leave = options.onCredentialsChange(() => {
    for (const session of sessions) session.recheck()
  })
  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.url?.split('?')[0] !== '/graphql') return refuseUpgrade(stream, '404 Not Found')
    if (sockets.clients.size >= limits.sockets) return refuseUpgrade(stream, '503 Service Unavailable')
    sockets.handleUpgrade(request, stream, head, (socket) => {
      if (socket.protocol === GRAPHQL_TRANSPORT_WS_PROTOCOL)
        return openSocket({ socket, stream, request }, sessionOptions, sessions)
      socket.on('error', () => socket.terminate())
      socket.close(closings.otherProtocol.code, closings.otherProtocol.reason)
    })
  }
  server.on('upgrade', onUpgrade)

  return async () => {
    server.off('upgrade', onUpgrade)
    leave()
    await bounded(
      async () => {
        await Promise.all([...sessions].map(closeSession))
        await new Promise((resolve) => sockets.close(resolve))
      },
      answeredWithinMs + closedWithinMs,
      () => {
        for (const socket of sockets.clients) socket.terminate()
      },
    )
    stopHeartbeat()
  }
}

/** Whoever shares an answer shares its bytes, and those of what ends a message. */
function createEncoder(): (answer: Answer) => string {
  const encoded = new WeakMap<Answer, string>()
  return (answer) => {
    const known = encoded.get(answer)
    if (known) return known
    const bytes = encodeText(`${answer.text}}`)
    encoded.set(answer, bytes)
    return bytes
  }
}

type OpenSocket = { socket: WebSocket; stream: Duplex; request: IncomingMessage }

function openSocket(
  { socket, stream, request }: OpenSocket,
  options: SessionOptions,
  sessions: Set<Session>,
): void {
  const session = openSession(createSocketChannel(socket, stream), request.headers, options)
  const served = serveSocket(session)
  sessions.add(session)
  const fail = (error: unknown) => {
    options.log.error({ err: error }, 'a message on a socket could not be handled')
    socket.close(closings.failed.code, closings.failed.reason)
  }
  socket.on('message', (data, isBinary) => {
    // What was on its way when this side closed is not read any more.
    if (socket.readyState !== WebSocket.OPEN) return
    served.receive(data, isBinary).catch(fail)
  })
  // What is no WebSocket frame, or too large a one: ws closes the socket with the code that says so.
  socket.on('error', (error) => options.log.debug({ err: error }, 'a socket broke its protocol'))
  socket.once('close', () => {
    sessions.delete(session)
    served.closed()
    session.end()
  })
}

/** Subscriptions are not completed: their clients shall open them again elsewhere. */
async function closeSession({ channel, operations }: Session): Promise<void> {
  const { code, reason } = closings.goingAway
  await bounded(operations.answered, answeredWithinMs, () => channel.close(code, reason))
  channel.close(code, reason)
}

function refuseUpgrade(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
