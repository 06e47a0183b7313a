import { z } from 'zod'
import { defaultSocketLimits as defaults, type SocketLimits } from './socket-limits.ts'

const count = (byDefault: number) => z.coerce.number().int().min(1).default(byDefault)

/** What operators may set of the limits; docs/operations.md has the list. */
export const socketLimitSettings = {
  TRELLIS_MAX_SOCKETS: count(defaults.sockets),
  TRELLIS_MAX_SOCKETS_PER_CLIENT: count(defaults.socketsPerClient),
  TRELLIS_MAX_SOCKETS_PER_USER: count(defaults.socketsPerUser),
  TRELLIS_MAX_OPERATIONS_PER_SOCKET: count(defaults.operationsPerSocket),
  TRELLIS_MAX_SOCKET_MESSAGE_BYTES: count(defaults.messageBytes),
  TRELLIS_MAX_SOCKET_MESSAGES_PER_SECOND: count(defaults.messagesPerSecond),
}

const shape = z.object(socketLimitSettings)

export function readSocketLimits(config: z.infer<typeof shape>): Partial<SocketLimits> {
  return {
    sockets: config.TRELLIS_MAX_SOCKETS,
    socketsPerClient: config.TRELLIS_MAX_SOCKETS_PER_CLIENT,
    socketsPerUser: config.TRELLIS_MAX_SOCKETS_PER_USER,
    operationsPerSocket: config.TRELLIS_MAX_OPERATIONS_PER_SOCKET,
    messageBytes: config.TRELLIS_MAX_SOCKET_MESSAGE_BYTES,
    messagesPerSecond: config.TRELLIS_MAX_SOCKET_MESSAGES_PER_SECOND,
  }
}
