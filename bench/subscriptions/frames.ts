import { randomBytes } from 'node:crypto'

/** A client's frame of RFC 6455 (§5.2), masked, of at most 64 KB. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126
  const frame = Buffer.alloc((isShort ? 6 : 8) + payload.length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (isShort ? payload.length : 126)
  if (!isShort) frame.writeUInt16BE(payload.length, 2)
  const mask = randomBytes(4)
  const start = isShort ? 6 : 8
  mask.copy(frame, start - 4)
  for (const [index, byte] of payload.entries()) frame[start + index] = byte ^ (mask[index % 4] ?? 0)
  return frame
}

type Frame = { opcode: number; payload: Buffer; end: number }

/** Reads a server's frames out of the chunks of one connection; no fragments, no extensions. */
export function readFrames(take: (opcode: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer | null = null
  return (chunk) => {
    let bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
      take(frame.opcode, frame.payload)
      bytes = bytes.subarray(frame.end)
    }
    rest = bytes.length > 0 ? bytes : null
  }
}

function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null
  const [first = 0, second = 0] = bytes
  const start = second < 126 ? 2 : second === 126 ? 4 : 10
  if (bytes.length < start) return null
  const length =
    second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  const end = start + length
  if (bytes.length < end) return null
  return { opcode: first & 0x0f, payload: bytes.subarray(start, end), end }
}
