import { once } from 'node:events'
import { WebSocket } from 'ws'

export type Message = { type: string; id?: string; payload?: unknown }

/** A socket as a program has it that knows the protocol's text and no library. */
export type RawSocket = {
  socket: WebSocket
  /** Every message received so far, oldest first. */
  received: Message[]
  send(message: unknown): void
  /** The next message that is not yet taken. */
  next(): Promise<Message>
  closed: Promise<{ code: number; reason: string }>
}

export async function openRawSocket(url: string, protocol = 'graphql-transport-ws'): Promise<RawSocket> {
  const socket = new WebSocket(url, protocol)
  const received: Message[] = []
  const waiting: ((message: Message) => void)[] = []
  let taken = 0
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  socket.on('message', (data) => {
    received.push(JSON.parse(String(data)))
    const wake = waiting.shift()
    if (wake) wake(received[taken++] as Message)
  })
  await once(socket, 'open')
  return {
    socket,
    received,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next() {
      const message = received[taken]
      if (!message) return new Promise((resolve) => void waiting.push(resolve))
      taken += 1
      return Promise.resolve(message)
    },
    closed,
  }
}
