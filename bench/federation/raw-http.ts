// The bench's own HTTP/1.1 over sockets: the least that can be spent beside the gateway under test, both for answering
// its calls and for sending it requests. It reads what well-behaved peers on this machine write, and nothing else.

export type RawMessage = {
  /** Start line and headers, one character for each byte. */
  head: string
  body: Buffer
}

const headEnd = Buffer.from('\r\n\r\n')

/** Cuts the bytes of one connection into messages. Pass every chunk; `onMessage` is called for each whole message. */
export function readMessages(onMessage: (message: RawMessage) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  let parts: Buffer[] = []
  let missing = 0
  return (chunk) => {
    if (missing > chunk.length) {
      parts.push(chunk)
      missing -= chunk.length
      return
    }
    pending = parts.length > 0 ? Buffer.concat([...parts, chunk]) : chunk
    parts = []
    missing = 0
    for (let message = cut(pending); message; message = cut(pending)) {
      if (typeof message === 'number') {
        missing = message
        break
      }
      pending = pending.subarray(message.length)
      onMessage(message)
    }
    if (pending.length > 0) parts = [pending]
  }
}

/** The first message, the number of bytes that are known to be missing of it, or undefined for: go on reading. */
function cut(bytes: Buffer): (RawMessage & { length: number }) | number | undefined {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const start = end + headEnd.length
  const declared = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (declared) {
    const length = start + Number(declared[1])
    return bytes.length < length
      ? length - bytes.length
      : { head, body: bytes.subarray(start, length), length }
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return cutChunked(bytes, start, head)
  return { head, body: bytes.subarray(start, start), length: start }
}

function cutChunked(bytes: Buffer, start: number, head: string) {
  const chunks: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return { head, body: Buffer.concat(chunks), length: next }
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}
