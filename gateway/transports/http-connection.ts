import { connect as connectPlain, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { createAnswerParser, type HttpAnswer } from './http-answer-parser.ts'
import { CallTimedOut } from './http-failures.ts'
import type { HttpTarget } from './http-target.ts'

/** A request under way: where its outcome goes. */
export type Exchange = {
  /** Text whose characters are bytes, or bytes. */
  request: string | Buffer
  onAnswer(answer: HttpAnswer): void
  /** @param isStale a kept connection broke before a byte of the answer had come */
  onFailure(error: unknown, isStale: boolean): void
}

export type HttpConnection = {
  /** Only when it is free. */
  send(exchange: Exchange): void
  /** Whether it may still carry a call. */
  isUsable(): boolean
  /** Closes it if it is this call that it carries, so that the server knows. */
  giveUp(exchange: Exchange): void
  close(): void
}

export type ConnectionOwner = {
  connectTimeoutMs: number
  maxResponseBytes: number
  tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> | undefined
  /** Its answer has been read whole, and it may carry another call. */
  onFree(connection: HttpConnection): void
  /** Once, and last. */
  onClose(connection: HttpConnection): void
}

/**
 * Whatever was read is dealt with before anything else is read, so one piece of memory serves all connections; and
 * nothing is allocated but what is kept.
 */
const readMemory = Buffer.allocUnsafeSlow(64 * 1024)

/** Opens a connection, which begins with a call. One call at a time; the first that fails is its last. */
export function openHttpConnection(
  target: HttpTarget,
  first: Exchange,
  owner: ConnectionOwner,
): HttpConnection {
  const parser = createAnswerParser(owner.maxResponseBytes)
  let current: Exchange | null = first
  let answered = 0
  let usableUntil = 0
  let isClosed = false

  /** Whatever still comes is nobody's. */
  const close = (error: unknown) => {
    if (isClosed) return
    isClosed = true
    clearTimeout(connectTimer)
    socket.destroy()
    const failed = current
    current = null
    owner.onClose(connection)
    failed?.onFailure(error, answered > 0 && !parser.hasBegun())
  }
  const take = (read: ReturnType<typeof parser.read>) => {
    if (!read || !current) return
    const { onAnswer } = current
    current = null
    answered++
    // A server that answers before it has read all of the request does not read the rest as a request.
    if (read.keepMs === 0 || socket.writableLength > 0) close(null)
    else {
      usableUntil = performance.now() + read.keepMs
      owner.onFree(connection)
    }
    onAnswer(read.answer)
  }
  const onBytes = (count: number) => {
    if (isClosed) return false
    if (!current) close(null)
    else {
      try {
        take(parser.read(readMemory.subarray(0, count)))
      } catch (error) {
        close(error)
      }
    }
    return !isClosed
  }
  const begin = () => {
    clearTimeout(connectTimer)
    if (current) socket.write(current.request, 'latin1')
  }
  const connection: HttpConnection = {
    send(exchange) {
      current = exchange
      parser.reset()
      socket.write(exchange.request, 'latin1')
    },
    isUsable: () => !isClosed && usableUntil > performance.now(),
    giveUp(exchange) {
      if (current === exchange) close(null)
    },
    close: () => close(new Error('The connection was closed from this side.')),
  }
  const connectTimer = setTimeout(
    () => close(new CallTimedOut('There was no connection in time.')),
    owner.connectTimeoutMs,
  )
  const socket = openSocket(target, owner.tls, onBytes)
  socket.once(target.isTls ? 'secureConnect' : 'connect', begin)
  socket.on('error', close)
  socket.on('end', () => {
    take(parser.end())
    close(new Error('The server closed the connection.'))
  })
  socket.on('close', () => close(new Error('The connection was closed.')))
  return connection
}

function openSocket(
  { isTls, host, port, serverName }: HttpTarget,
  tls: ConnectionOwner['tls'],
  onBytes: (count: number) => boolean,
): Socket {
  const onread = { buffer: readMemory, callback: onBytes }
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, onread }
  if (!isTls) return connectPlain(options)
  const security = { ...tls, ALPNProtocols: ['http/1.1'], ...(serverName && { servername: serverName }) }
  return connectTls({ ...options, ...security })
}
