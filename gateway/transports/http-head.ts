import { MalformedAnswer } from './http-failures.ts'

export type AnswerHead = {
  status: number
  /** Lower-case names. What came more than once is one list with commas, where that is allowed. */
  headers: ReadonlyMap<string, string>
  /** Bytes of the body, or how its end is found. */
  body: number | 'chunked' | 'until-end'
  /** How long the connection may wait for its next call, in milliseconds; 0 when it carries no other. */
  keepMs: number
}

/** Of all heads of an answer, those of early hints included. */
export const maxHeadBytes = 16 * 1024

const defaultKeepMs = 4_000
const longestKeepMs = 60_000

const statusLine = /HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n|$)/y
const headerLine = /([\w!#$%&'*+.^`|~-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)(?:\r\n|$)/y

/** Twice they are an attempt to mean two things. */
const onlyOnce = new Set(['content-length', 'transfer-encoding', 'content-type', 'content-encoding'])

/**
 * Reads what stands before a body.
 *
 * @param text without the empty line at its end
 * @throws {MalformedAnswer}
 */
export function readHead(text: string): AnswerHead {
  statusLine.lastIndex = 0
  const [line = '', minor, digits] = statusLine.exec(text) ?? malformed('It is not HTTP/1.')
  const status = Number(digits)
  if (status === 101) malformed('Nobody asked for another protocol.')
  const headers = readHeaders(text, line.length)
  const body = readBody(headers, status, minor === '0')
  const keepMs = body === 'until-end' || !isKept(headers, minor === '0') ? 0 : readKeepMs(headers)
  return { status, headers, body, keepMs }
}

/** @throws {MalformedAnswer} a header may not be folded, nor have control characters */
export function readHeaders(text: string, from: number): Map<string, string> {
  const headers = new Map<string, string>()
  for (let at = from; at < text.length; at = headerLine.lastIndex) {
    headerLine.lastIndex = at
    const [, writtenName = '', value = ''] = headerLine.exec(text) ?? malformed('A header is none.')
    const name = writtenName.toLowerCase()
    const earlier = headers.get(name)
    if (earlier !== undefined && onlyOnce.has(name)) malformed(`It has ${name} twice.`)
    headers.set(name, earlier === undefined ? value.trimEnd() : `${earlier}, ${value.trimEnd()}`)
  }
  return headers
}

function readBody(headers: AnswerHead['headers'], status: number, isOld: boolean): AnswerHead['body'] {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined) {
    if (length !== undefined || isOld || coding.toLowerCase() !== 'chunked')
      malformed('Its end cannot be told for sure.')
    return 'chunked'
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) malformed('Its length is none.')
  if (status < 200 || status === 204 || status === 304) return 0
  return length === undefined ? 'until-end' : Number(length)
}

function isKept(headers: AnswerHead['headers'], isOld: boolean): boolean {
  const connection = headers.get('connection')?.toLowerCase()
  if (connection === undefined || connection === 'keep-alive') return !isOld || connection !== undefined
  const options = connection.split(',').map((option) => option.trim())
  return !options.includes('close') && (!isOld || options.includes('keep-alive'))
}

/** A second less than the server says, so that it is not closed over there as it is taken here. */
function readKeepMs(headers: AnswerHead['headers']): number {
  const seconds = /\btimeout=(\d{1,6})\b/i.exec(headers.get('keep-alive') ?? '')?.[1]
  if (seconds === undefined) return defaultKeepMs
  return Math.min(Math.max(Number(seconds) * 1_000 - 1_000, 0), longestKeepMs)
}

function malformed(why: string): never {
  throw new MalformedAnswer(why)
}
