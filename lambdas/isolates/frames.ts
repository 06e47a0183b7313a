import type { Socket } from 'node:net'

/** A message: what is short beside what may be long. */
type Framed = { text: string }

const headBytes = 8
const maxFrameBytes = 64 * 1024 * 1024

export type Frames<Sent extends Framed> = {
  send(message: Sent): void
}

/**
 * Messages over a socket, each as two lengths (32 bits), a head of JSON, and a text that is not looked at. Half as dear
 * as Node's own channel between processes, which writes all of a message as JSON, text in text.
 */
export function openFrames<Sent extends Framed, Received extends Framed>(
  socket: Socket,
  receive: (message: Received) => void,
): Frames<Sent> {
  const parts: Buffer[] = []
  let gathered = 0
  let wanted = headBytes

  /** Reads the frames that are whole, and keeps the rest. */
  function readFrames(bytes: Buffer): void {
    let at = 0
    let size = sizeOfFrame(bytes, at)
    while (size !== null && bytes.length - at >= size) {
      receive(readFrame(bytes, at, size))
      at += size
      size = sizeOfFrame(bytes, at)
    }
    wanted = size ?? headBytes
    gathered = bytes.length - at
    if (gathered > 0) parts.push(bytes.subarray(at))
  }

  socket.on('data', (bytes: Buffer) => {
    parts.push(bytes)
    gathered += bytes.length
    if (gathered < wanted) return
    const whole = parts.length === 1 ? bytes : Buffer.concat(parts)
    parts.length = 0
    try {
      readFrames(whole)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })

  return {
    send({ text, ...head }) {
      if (socket.destroyed) return
      const headText = JSON.stringify(head)
      const headLength = Buffer.byteLength(headText)
      const textLength = Buffer.byteLength(text)
      const frame = Buffer.allocUnsafe(headBytes + headLength + textLength)
      frame.writeUInt32LE(headLength, 0)
      frame.writeUInt32LE(textLength, 4)
      frame.write(headText, headBytes)
      frame.write(text, headBytes + headLength)
      socket.write(frame)
    },
  }
}

/** Null: not even its lengths are there. @throws {RangeError} no such frame was ever sent */
function sizeOfFrame(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < headBytes) return null
  const size = headBytes + bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4)
  if (size > maxFrameBytes) throw new RangeError(`A frame of ${size} bytes.`)
  return size
}

function readFrame<Received extends Framed>(bytes: Buffer, at: number, size: number): Received {
  const headStart = at + headBytes
  const textStart = headStart + bytes.readUInt32LE(at)
  const head = JSON.parse(bytes.toString('utf8', headStart, textStart))
  return { ...head, text: bytes.toString('utf8', textStart, at + size) }
}
