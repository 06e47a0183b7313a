import { HandOver } from './hand-over.ts'

/** JSON text, and how far it has been read. `isAscii`: it is known that nothing else has been read from it. */
export type Scanner = { readonly text: string; at: number; isAscii: boolean }

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const space = 0x20
const minus = 0x2d
const zero = 0x30
const nine = 0x39
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const openBracket = 0x5b
export const closeBracket = 0x5d

/** @throws {HandOver} always: the text is not JSON, or not of the kind that is read here */
export function unreadable(): never {
  throw new HandOver('A subgraph answers something that cannot be read.')
}

/** The code of the next character that is not white space; NaN at the end. */
export function peek(scanner: Scanner): number {
  let code = scanner.text.charCodeAt(scanner.at)
  while (code === space || code === 0x0a || code === 0x0d || code === 0x09) {
    code = scanner.text.charCodeAt(++scanner.at)
  }
  return code
}

export function expect(scanner: Scanner, code: number): void {
  if (peek(scanner) !== code) unreadable()
  scanner.at++
}

/** True after a comma, with another element to come; false after `close`. */
export function another(scanner: Scanner, close: number): boolean {
  const code = peek(scanner)
  if (code !== comma && code !== close) unreadable()
  scanner.at++
  return code === comma
}

/** False where a list or an object ends that has only just begun. */
export function hasFirst(scanner: Scanner, close: number): boolean {
  if (peek(scanner) !== close) return true
  scanner.at++
  return false
}

export function readKey(scanner: Scanner): string {
  const text = readString(scanner)
  expect(scanner, colon)
  return text.includes('\\') ? String(parsed(text)) : text.slice(1, -1)
}

/** The JSON text of the next value, in the one form that `JSON.stringify` has for it. */
export function readLeaf(scanner: Scanner): string | null {
  const code = peek(scanner)
  if (code === quote) return readString(scanner)
  if (code === minus || (code >= zero && code <= nine)) return readNumber(scanner)
  if (code === openBrace || code === openBracket) return readAny(scanner)
  if (skipWord(scanner, 'null')) return null
  if (skipWord(scanner, 'true')) return 'true'
  if (skipWord(scanner, 'false')) return 'false'
  return unreadable()
}

function skipWord(scanner: Scanner, word: string): boolean {
  if (!scanner.text.startsWith(word, scanner.at)) return false
  scanner.at += word.length
  return true
}

function readString(scanner: Scanner): string {
  if (peek(scanner) !== quote) unreadable()
  const start = scanner.at
  const isPlain = skipString(scanner)
  const text = scanner.text.slice(start, scanner.at)
  return isPlain ? text : normalised(text, scanner)
}

/** True when nothing in the string is escaped, nor would have to be. */
function skipString(scanner: Scanner): boolean {
  const { text } = scanner
  let isPlain = true
  let at = scanner.at + 1
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === quote) break
    if (code === backslash) {
      isPlain = false
      at++
    } else if (code >= 0xd800 && code <= 0xdfff) isPlain = false
    else if (!(code >= space)) unreadable()
    at++
  }
  scanner.at = at + 1
  return isPlain
}

function readNumber(scanner: Scanner): string {
  const { text } = scanner
  const start = scanner.at
  let at = start
  let code = text.charCodeAt(at)
  while (code >= zero && code <= nine) code = text.charCodeAt(++at)
  // Short, and nothing but digits: what most numbers are.
  const isSimple =
    at - start <= 15 && !isPartOfNumber(code) && (text.charCodeAt(start) !== zero || at === start + 1)
  if (isSimple && at > start) {
    scanner.at = at
    return text.slice(start, at)
  }
  while (isPartOfNumber(code)) code = text.charCodeAt(++at)
  scanner.at = at
  return normalised(text.slice(start, at), scanner)
}

/** Digits, and `+`, `-`, `.`, `e`, `E`. */
function isPartOfNumber(code: number): boolean {
  return (
    (code >= zero && code <= nine) ||
    code === 0x2b ||
    code === minus ||
    code === 0x2e ||
    code === 0x65 ||
    code === 0x45
  )
}

/** An object or a list that is passed on as it is. */
function readAny(scanner: Scanner): string {
  const start = scanner.at
  let depth = 0
  do {
    const code = peek(scanner)
    if (code === quote) skipString(scanner)
    else {
      if (code === openBrace || code === openBracket) depth++
      else if (code === closeBrace || code === closeBracket) depth--
      else if (!(code > space)) unreadable()
      scanner.at++
    }
  } while (depth > 0)
  return normalised(scanner.text.slice(start, scanner.at), scanner)
}

function normalised(text: string, scanner: Scanner): string {
  const own = JSON.stringify(parsed(text))
  // What was escaped need not be any more.
  scanner.isAscii &&= !/[\u0080-\uffff]/.test(own)
  return own
}

/** Numbers that may be too large for JavaScript, in which case they are for the reference. */
const large = /\d[eE]\+?\d{3}|\d{309}/

/** Whatever `JSON.parse` does not take is no JSON. */
function parsed(text: string): unknown {
  try {
    return large.test(text) ? JSON.parse(text, refuseInfinite) : JSON.parse(text)
  } catch {
    return unreadable()
  }
}

function refuseInfinite(_key: string, value: unknown): unknown {
  return value === Infinity || value === -Infinity ? unreadable() : value
}
