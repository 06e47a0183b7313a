import type { SubgraphResponse } from '../../transports/subgraph-fetch.ts'
import { HandOver } from './hand-over.ts'
import {
  another,
  closeBrace,
  closeBracket,
  expect,
  hasFirst,
  openBrace,
  openBracket,
  peek,
  readKey,
  readLeaf,
  type Scanner,
  unreadable,
} from './json-scanner.ts'
import { type Fetched, type FetchedValue, newFetched } from './run.ts'
import type { Member, Shape } from './shapes.ts'

/**
 * The data of an answer without errors.
 *
 * @throws {HandOver} for any other answer
 */
export function readAnswer(response: SubgraphResponse, shape: Shape): { data: Fetched; isAscii: boolean } {
  const { text, data, errors, isAscii = false } = response
  if (errors) throw new HandOver('A subgraph answers with errors.')
  const reader: Reader = { text: text ?? JSON.stringify({ data }), at: 0, isAscii, seen: new Map() }
  let found: Fetched | null = null
  expect(reader, openBrace)
  let goesOn = hasFirst(reader, closeBrace)
  while (goesOn) {
    const key = readKey(reader)
    if (key === 'errors') throw new HandOver('A subgraph answers with errors.')
    if (key !== 'data') readLeaf(reader)
    else found = peek(reader) === openBrace ? parseObject(reader, shape) : unreadable()
    goesOn = another(reader, closeBrace)
  }
  if (!found || !Number.isNaN(peek(reader))) unreadable()
  return { data: found, isAscii: reader.isAscii }
}

type Reader = Scanner & {
  /** Objects that were read, with their text, by shape and by the beginning of their text. */
  seen: Map<Shape, Map<string, Seen>>
}

type Seen = { text: string; object: Fetched }

/** Long enough to tell entities apart: a type's name, a key, a beginning. */
const beginningLength = 64

/** An object; one that has the text of an earlier one of the shape is that object, and its text is passed over. */
function readObject(reader: Reader, shape: Shape): Fetched {
  const { text, at: start } = reader
  const seen = seenOf(reader, shape)
  const beginning = text.slice(start, start + beginningLength)
  const alike = seen.get(beginning)
  if (alike) {
    // Four times as fast as `startsWith`.
    const end = start + alike.text.length
    if (text.slice(start, end) === alike.text) {
      reader.at = end
      return alike.object
    }
  }
  const object = parseObject(reader, shape)
  const own = text.slice(start, reader.at)
  if (own.length >= beginningLength) {
    seen.set(beginning, { text: own, object })
    return object
  }
  // What follows a short one is in its beginning, too.
  const short = seen.get(own)
  if (short) return short.object
  seen.set(own, { text: own, object })
  return object
}

function seenOf({ seen }: Reader, shape: Shape): Map<string, Seen> {
  let ofShape = seen.get(shape)
  if (!ofShape) {
    ofShape = new Map()
    seen.set(shape, ofShape)
  }
  return ofShape
}

function parseObject(reader: Reader, shape: Shape): Fetched {
  const object = newFetched(shape.size)
  const { members } = shape
  expect(reader, openBrace)
  let goesOn = hasFirst(reader, closeBrace)
  let next = 0
  while (goesOn) {
    const member = readMember(reader, shape, members[next])
    if (member) {
      object.values[member.slot] = member.shape ? readComposite(reader, member.shape) : readLeaf(reader)
      next++
    } else readLeaf(reader)
    goesOn = another(reader, closeBrace)
  }
  return object
}

/** The member that the next key is of, most likely the one that is `expected`. Undefined: nobody asked for it. */
function readMember(reader: Reader, shape: Shape, expected: Member | undefined): Member | undefined {
  if (expected && reader.text.startsWith(expected.prefix, reader.at)) {
    reader.at += expected.prefix.length
    return expected
  }
  return shape.byKey.get(readKey(reader))
}

const deepestList = 32

function readComposite(reader: Reader, shape: Shape, depth = 0): FetchedValue {
  const code = peek(reader)
  if (code === openBrace) return readObject(reader, shape)
  if (code !== openBracket) return readLeaf(reader)
  if (depth > deepestList) unreadable()
  reader.at++
  const values: FetchedValue[] = []
  let goesOn = hasFirst(reader, closeBracket)
  while (goesOn) {
    values.push(readComposite(reader, shape, depth + 1))
    goesOn = another(reader, closeBracket)
  }
  return values
}
