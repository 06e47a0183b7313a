import { MalformedAnswer } from './http-failures.ts'
import { maxHeadBytes, readHeaders } from './http-head.ts'

const sizeLine = /^([\da-f]{1,12})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/i

/**
 * Reads one body in chunks: takes the next bytes, from `at` on, hands over where data lies in them, and returns where
 * the body ends, or -1 when there is more to come.
 *
 * @throws {MalformedAnswer}
 */
export function createChunks(
  onData: (bytes: Buffer, from: number, to: number) => void,
): (bytes: Buffer, at: number) => number {
  let state: 'size' | 'data' | 'after-data' | 'trailers' = 'size'
  /** Of the chunk, yet to come. */
  let left = 0
  /** What has come of a line that is not whole. */
  let line = ''
  let trailers = ''
  let trailerBytes = 0

  const readSize = (text: string) => {
    left = Number.parseInt(sizeLine.exec(text)?.[1] ?? malformed('The size of a chunk is none.'), 16)
    state = left === 0 ? 'trailers' : 'data'
  }
  const readLine = (text: string): boolean => {
    if (state === 'size') readSize(text)
    else if (state === 'after-data') {
      if (text !== '') malformed('A chunk is longer than it says.')
      state = 'size'
    } else if (text === '') {
      readHeaders(trailers, 0)
      return true
    } else {
      trailerBytes += text.length + 2
      if (trailerBytes > maxHeadBytes) malformed('Its trailers do not end.')
      trailers += `${text}\r\n`
    }
    return false
  }

  /** Returns where what comes next begins. */
  const readData = (bytes: Buffer, at: number): number => {
    const to = Math.min(at + left, bytes.length)
    onData(bytes, at, to)
    left -= to - at
    if (left === 0) state = 'after-data'
    return to
  }
  /** Null: the line is not whole. */
  const takeLine = (part: string): string | null => {
    line += part
    if (line.length > maxHeadBytes) malformed('A line does not end.')
    if (!line.endsWith('\n')) return null
    if (!line.endsWith('\r\n')) malformed('A line does not end as it should.')
    const whole = line.slice(0, -2)
    line = ''
    return whole
  }

  return (bytes, from) => {
    for (let at = from; at < bytes.length; ) {
      if (state === 'data') {
        at = readData(bytes, at)
        continue
      }
      const newline = bytes.indexOf(0x0a, at)
      const to = newline < 0 ? bytes.length : newline + 1
      const whole = takeLine(bytes.toString('latin1', at, to))
      if (whole !== null && readLine(whole)) return to
      at = to
    }
    return -1
  }
}

function malformed(why: string): never {
  throw new MalformedAnswer(why)
}
