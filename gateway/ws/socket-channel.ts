import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'

/** The sending side of one socket. */
export type SocketChannel = {
  /** Nothing happens on a socket that is no longer open. */
  send(text: string): void
  /** Whether what was sent is not going out as fast as it comes. */
  isFull(): boolean
  /** Once there is room again, or the socket is closed. */
  drained(): Promise<void>
  /** @param reason at most 123 bytes reach the other side */
  close(code: number, reason: string): void
}

const longestReason = 123

/** @param stream the connection under the socket */
export function createSocketChannel(socket: WebSocket, stream: Duplex): SocketChannel {
  let draining: Promise<void> | null = null
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    isFull: () => stream.writableNeedDrain && !stream.destroyed,
    drained() {
      draining ??= new Promise<void>((resolve) => {
        const settle = () => {
          stream.off('drain', settle)
          stream.off('close', settle)
          draining = null
          resolve()
        }
        stream.on('drain', settle)
        stream.on('close', settle)
      })
      return draining
    },
    close(code, reason) {
      const isShort = Buffer.byteLength(reason) <= longestReason
      socket.close(code, isShort ? reason : '')
    },
  }
}
