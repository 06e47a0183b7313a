import {
  type ConnectionInitMessage,
  MessageType,
  type PingMessage,
  parseMessage,
  type SubscribeMessage,
} from 'graphql-ws'
import type { RawData } from 'ws'
import { TrellisError } from '../../foundation/errors.ts'
import type { ShowError } from '../supergraph/show-error.ts'
import { hasCredentials } from './credentials.ts'
import type { Operations } from './operations.ts'
import type { SocketChannel } from './socket-channel.ts'
import { type Closing, closings } from './socket-closings.ts'

/** What a message of the client makes happen. */
export type SocketSession = {
  channel: SocketChannel
  operations: Operations
  /** Who it is; or how the socket is closed. */
  connect(params: Readonly<Record<string, unknown>>): Promise<'connected' | Closing>
  /** Fresh credentials for the same caller. @returns what is said to it */
  renew(params: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  isWithinRate(): boolean
  /** Operations on this socket. */
  mostOperations: number
  initialisedWithinMs: number
  show: ShowError
}

export type ServedSocket = {
  receive(data: RawData, isBinary: boolean): Promise<void>
  /** The socket is closed. */
  closed(): void
}

/**
 * graphql-transport-ws, the server's side of one socket, to the letter of its PROTOCOL.md. A message that the protocol
 * does not have ends the socket; what belongs to an operation that is over is ignored.
 */
export function serveSocket(session: SocketSession): ServedSocket {
  const { channel, operations } = session
  let phase: 'opened' | 'connecting' | 'connected' = 'opened'
  const close = ({ code, reason }: Closing) => channel.close(code, reason)
  const initialised = setTimeout(() => close(closings.notInitialised), session.initialisedWithinMs)

  const onInit = async ({ payload }: ConnectionInitMessage) => {
    if (phase !== 'opened') return close(closings.initialisedTwice)
    phase = 'connecting'
    clearTimeout(initialised)
    const outcome = await session.connect(payload ?? {})
    if (outcome !== 'connected') return close(outcome)
    phase = 'connected'
    channel.send(JSON.stringify({ type: MessageType.ConnectionAck }))
  }
  const onPing = async ({ payload }: PingMessage) => {
    const isRenewal = phase === 'connected' && hasCredentials(payload)
    const answer = isRenewal ? await session.renew(payload) : payload
    channel.send(JSON.stringify({ type: MessageType.Pong, ...(answer && { payload: answer }) }))
  }
  const onSubscribe = ({ id, payload }: SubscribeMessage) => {
    if (phase !== 'connected') return close(closings.notConnected)
    if (operations.has(id)) return close(closings.idInUse(id))
    if (operations.count() < session.mostOperations) return operations.start(id, payload)
    const error = session.show(tooMany(session.mostOperations))
    channel.send(JSON.stringify({ id, type: MessageType.Error, payload: [error] }))
  }

  return {
    async receive(data, isBinary) {
      if (!session.isWithinRate()) return close(closings.tooFast)
      const message = isBinary ? null : readMessage(String(data))
      switch (message?.type) {
        case MessageType.ConnectionInit:
          return onInit(message)
        case MessageType.Ping:
          return onPing(message)
        case MessageType.Pong:
          return
        case MessageType.Subscribe:
          return onSubscribe(message)
        case MessageType.Complete:
          return operations.stop(message.id)
        // What only a server may say is no message of a client.
        default:
          return close(closings.invalidMessage)
      }
    },
    closed() {
      clearTimeout(initialised)
      operations.stopAll()
    },
  }
}

function readMessage(text: string) {
  try {
    return parseMessage(text)
  } catch {
    return null
  }
}

function tooMany(most: number): TrellisError {
  return new TrellisError(
    'TOO_MANY_OPERATIONS',
    `No more than ${most} operations may be under way on a socket.`,
  )
}
