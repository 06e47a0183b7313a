import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'

/** The sending side of one socket. */
export type SocketChannel = {
  /** Nothing happens on a socket that is no longer open. */
  send(text: string): void
  /** The same for one text in two parts that have been encoded before, by `encodeText`. */
  sendParts(head: string, rest: string): void
  /** Whether what was sent is not going out as fast as it comes. */
  isFull(): boolean
  /** Once there is room again, or the socket is closed. */
  drained(): Promise<void>
  /** @param reason at most 123 bytes reach the other side */
  close(code: number, reason: string): void
}

const longestReason = 123
const finalText = 0x81
const lengthIn16Bits = 126
const lengthIn64Bits = 127

/** @param stream the connection under the socket; no extension is negotiated on it, so that frames are written as they are */
export function createSocketChannel(socket: WebSocket, stream: Duplex): SocketChannel {
  let draining: Promise<void> | null = null
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    sendParts(head, rest) {
      if (socket.readyState === WebSocket.OPEN) stream.write(textFrame(head, rest), 'latin1')
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

/** The bytes of a text in UTF-8, a character each: Node writes such a string with less work than a buffer. */
export function encodeText(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/**
 * One text frame of RFC 6455 (§5.2), in one piece. ws writes header and payload apart and encodes the text for each
 * socket, which is most of what a message costs when the same goes to thousands.
 */
function textFrame(head: string, rest: string): string {
  return frameHeader(head.length + rest.length) + head + rest
}

function frameHeader(length: number): string {
  if (length < lengthIn16Bits) return String.fromCharCode(finalText, length)
  if (length < 65_536) return String.fromCharCode(finalText, lengthIn16Bits, length >> 8, length & 0xff)
  const header = Buffer.alloc(10)
  header[0] = finalText
  header[1] = lengthIn64Bits
  header.writeBigUInt64BE(BigInt(length), 2)
  return header.toString('latin1')
}
