import { isAscii } from 'node:buffer'
import { createChunks } from './http-chunks.ts'
import { AnswerTooLarge, MalformedAnswer } from './http-failures.ts'
import { type AnswerHead, maxHeadBytes, readHead } from './http-head.ts'

export type HttpAnswer = {
  status: number
  headers: AnswerHead['headers']
  text: string
  /** Every byte of `text` is a character. */
  isAscii: boolean
}

export type ParsedAnswer = {
  answer: HttpAnswer
  /** How long the connection may wait for its next call, in milliseconds; 0 when it carries none any more. */
  keepMs: number
}

export type AnswerParser = {
  /** Begins to expect an answer. */
  reset(): void
  /** Whether a byte of it has come. */
  hasBegun(): boolean
  /**
   * Takes the next bytes, which are the reader's again afterwards. Null: there is more to come.
   *
   * @throws {MalformedAnswer}
   * @throws {AnswerTooLarge}
   */
  read(bytes: Buffer): ParsedAnswer | null
  /** The connection ends. Null: in the middle of an answer. */
  end(): ParsedAnswer | null
}

/** Takes the bytes of a body, from `at` on; returns where it ends, or -1 when there is more to come. */
type ReadBody = (bytes: Buffer, at: number) => number

const version = 'HTTP/1.'

/**
 * Reads answers to POST requests off one connection, HTTP/1.x, one at a time. Strict: what two readers could take for
 * different things is refused.
 *
 * @param maxBytes of a body
 */
export function createAnswerParser(maxBytes: number): AnswerParser {
  let head: AnswerHead | null = null
  /** What has come of a head that is not whole. */
  let pending: Buffer | null = null
  let headBytes = 0
  let isBegun = false
  let bodyBytes = 0
  let parts: Buffer[] = []
  /** So many of the parts are copies; the others are the reader's memory. */
  let copied = 0
  let readBody: ReadBody = untilEnd

  const keep = (bytes: Buffer, from: number, to: number) => {
    bodyBytes += to - from
    if (bodyBytes > maxBytes) throw new AnswerTooLarge(`The answer has more than ${maxBytes} bytes.`)
    parts.push(bytes.subarray(from, to))
  }
  function untilEnd(bytes: Buffer, at: number) {
    keep(bytes, at, bytes.length)
    return -1
  }
  const counted = (length: number): ReadBody => {
    if (length > maxBytes) throw new AnswerTooLarge(`The answer has more than ${maxBytes} bytes.`)
    return (bytes, at) => {
      const end = at + length - bodyBytes
      keep(bytes, at, Math.min(end, bytes.length))
      return end <= bytes.length ? end : -1
    }
  }

  /** Returns where the body begins, or -1. Answers before the answer are passed over. */
  const readHeads = (bytes: Buffer): number => {
    for (let at = 0; ; ) {
      const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
      const length = (end < 0 ? bytes.length : end + 4) - at
      if (headBytes + length > maxHeadBytes) throw new MalformedAnswer('Its headers do not end.')
      if (end < 0) {
        if (!version.startsWith(bytes.toString('latin1', at, at + version.length)))
          throw new MalformedAnswer('It is not HTTP/1.')
        pending = Buffer.from(bytes.subarray(at))
        return -1
      }
      headBytes += length
      const read = readHead(bytes.toString('latin1', at, end))
      at = end + 4
      if (read.status < 200) continue
      head = read
      readBody = bodyOf(read)
      return at
    }
  }
  const bodyOf = ({ body }: AnswerHead): ReadBody =>
    body === 'chunked' ? createChunks(keep) : body === 'until-end' ? untilEnd : counted(body)

  /** Bytes after the answer are nobody's: the connection is not used again. */
  const finish = (isLast: boolean): ParsedAnswer | null => {
    if (!head) return null
    const { status, headers, keepMs } = head
    return { answer: { status, headers, ...decoded(parts) }, keepMs: isLast ? keepMs : 0 }
  }

  return {
    reset() {
      head = null
      pending = null
      headBytes = 0
      bodyBytes = 0
      isBegun = false
      parts = []
      copied = 0
      readBody = untilEnd
    },
    hasBegun: () => isBegun,
    read(received) {
      isBegun = true
      const bytes = pending ? Buffer.concat([pending, received]) : received
      pending = null
      const at = head ? 0 : readHeads(bytes)
      if (at < 0) return null
      const end = readBody(bytes, at)
      if (end >= 0) return finish(end === bytes.length)
      if (parts.length > copied) parts.push(Buffer.concat(parts.splice(copied++)))
      return null
    },
    end: () => (head?.body === 'until-end' ? finish(false) : null),
  }
}

function decoded(parts: readonly Buffer[]): Pick<HttpAnswer, 'text' | 'isAscii'> {
  const [first] = parts
  const bytes = parts.length === 1 && first ? first : Buffer.concat(parts)
  const isAllAscii = isAscii(bytes)
  return { text: bytes.toString(isAllAscii ? 'latin1' : 'utf8'), isAscii: isAllAscii }
}
