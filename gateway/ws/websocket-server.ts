import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode } from 'graphql-ws'
import { type Extra, useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { Close } from '../../foundation/closing.ts'
import { type ErrorCode, TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { Authenticator, Credentials, Identity } from '../access/authenticate.ts'
import { type AcquireGraph, readTraceparent } from '../pipeline.ts'
import { type Connection, type Connections, createConnections } from './connections.ts'
import { createOperationHooks, type SocketExtra } from './operation-hooks.ts'

export type WebSocketOptions = {
  /** The HTTP server, whose upgrades of `/graphql` are taken. */
  server: Server
  authenticator: Authenticator
  acquire: AcquireGraph
  /** Calls back whenever credentials may have ended; returns how to leave. */
  onCredentialsChange(listener: () => void): () => void
  log: Log
}

/** A message may be as large as a request over HTTP. In bytes. */
const maxPayload = 4 * 1024 * 1024
const goingAway = 1001
const closeWithinMs = 2_000

/**
 * graphql-transport-ws on `/graphql`. Credentials come in `connection_init` as `apiKey` and `authorization`; who is
 * refused is closed with 4403 and the error's code as the reason, and so is, later, whose credentials end.
 */
export function startWebSocketServer(options: WebSocketOptions): Close {
  const { server, authenticator } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload })
  const connections = createConnections(authenticator.holds)
  const leave = options.onCredentialsChange(connections.recheck)
  const graphqlWs = serveGraphqlWs<Record<string, unknown>, SocketExtra>(
    {
      ...createOperationHooks(options),
      isProd: true, // An error's message is not for the close frame.
      async onConnect({ connectionParams, extra }) {
        const identity = await identifySocket(readCredentials(connectionParams, extra.request), options)
        if (extra.socket.readyState !== WebSocket.OPEN) return false
        if (typeof identity === 'string') {
          extra.socket.close(CloseCode.Forbidden, identity)
          return false
        }
        extra.connection = openConnection(extra, identity, connections)
        return true
      },
    },
    sockets,
  )
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?')[0] !== '/graphql') return refuseUpgrade(socket)
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    )
  }
  server.on('upgrade', onUpgrade)

  return async () => {
    server.off('upgrade', onUpgrade)
    leave()
    for (const socket of sockets.clients) socket.close(goingAway, 'The gateway is closing')
    const terminate = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate()
    }, closeWithinMs)
    await graphqlWs.dispose()
    clearTimeout(terminate)
  }
}

/** Who it is, or the code of why not. */
async function identifySocket(
  credentials: Credentials,
  { authenticator, log }: WebSocketOptions,
): Promise<Identity | ErrorCode> {
  try {
    return await authenticator.authenticate(credentials)
  } catch (error) {
    if (error instanceof TrellisError) return error.code
    log.error({ err: error }, 'a socket could not be authenticated')
    return 'INTERNAL_SERVER_ERROR'
  }
}

function openConnection(
  { socket, request }: Extra,
  identity: Identity,
  connections: Connections,
): Connection {
  const gone = new AbortController()
  const remove = connections.add(identity, () => socket.close(CloseCode.Forbidden, 'UNAUTHENTICATED'))
  socket.once('close', () => {
    remove()
    gone.abort(new Error('The caller is gone.'))
  })
  const { traceparent } = request.headers
  return {
    identity,
    disconnected: gone.signal,
    traceparent: readTraceparent(typeof traceparent === 'string' ? traceparent : undefined),
  }
}

/** Credentials come as parameters alone. Other headers may also be those of the upgrade, which a browser cannot set. */
function readCredentials(
  params: Readonly<Record<string, unknown>> = {},
  { headers }: IncomingMessage,
): Credentials {
  const { apiKey, authorization } = params
  return {
    apiKey: readCredential(apiKey),
    authorization: readCredential(authorization),
    header: (name) => readCredential(Object.hasOwn(params, name) ? params[name] : headers[name]),
  }
}

/** Something other than text is a credential that fails, not one that is missing. */
function readCredential(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : ''
}

function refuseUpgrade(socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
