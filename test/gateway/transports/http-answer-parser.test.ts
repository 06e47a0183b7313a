import fc from 'fast-check'
import { createAnswerParser } from '../../../gateway/transports/http-answer-parser.ts'
import { http } from './raw-server.ts'

const maxBytes = 1_000
const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`

/** What is read of pieces that come one after the other, each in memory that is written over afterwards. */
function read(pieces: readonly string[]) {
  const parser = createAnswerParser(maxBytes)
  const memory = Buffer.alloc(64 * 1024)
  for (const [index, piece] of pieces.entries()) {
    const length = memory.write(piece, 'latin1')
    const parsed = parser.read(memory.subarray(0, length))
    memory.fill('?')
    if (parsed) return { ...parsed, text: parsed.answer.text, after: pieces.slice(index + 1).join('') }
  }
  return null
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...[...at].map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length]
  return places.slice(1).map((place, index) => text.slice(places[index], place))
}

describe('an answer off a connection', () => {
  test('is the same wherever it is cut, and is whole with its last byte', () => {
    const latin1 = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .map((text) => Buffer.from(text).toString('latin1'))
    const inChunks = fc
      .array(
        latin1.filter((part) => part !== ''),
        { maxLength: 6 },
      )
      .chain((parts) =>
        fc.constantFrom('', ';a=b', ' ; x').map((extension) => ({
          body: parts.join(''),
          bytes:
            chunked +
            parts.map((part) => `${part.length.toString(16)}${extension}\r\n${part}\r\n`).join('') +
            '0\r\nx-trailer: y\r\n\r\n',
        })),
      )
    const counted = latin1.map((body) => ({
      body,
      bytes: `${head}content-length: ${body.length}\r\n\r\n${body}`,
    }))
    const hints = fc.constantFrom(
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\n',
    )
    fc.assert(
      fc.property(
        fc.oneof(inChunks, counted),
        hints,
        fc.array(fc.nat(400)),
        ({ body, bytes }, hint, places) => {
          const parsed = read(cut(hint + bytes, places))
          expect(parsed?.text).toBe(Buffer.from(body, 'latin1').toString())
          expect(parsed?.after).toBe('')
          expect(parsed?.keepMs).toBeGreaterThan(0)
          expect(read(cut((hint + bytes).slice(0, -1), places))).toBeNull()
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each([
    ['HTTP/1.1, unless told otherwise', '', 4_000],
    ['as long as its server says, less a second', 'Keep-Alive: timeout=3, max=100\r\n', 2_000],
    ['no longer than a minute', 'keep-alive: timeout=86400\r\n', 60_000],
    ['not when there is no time', 'keep-alive: timeout=1\r\n', 0],
    ['not when it closes', 'connection: Close\r\n', 0],
    ['not when it closes among other things', 'connection: x, close\r\n', 0],
    ['not when it says both', 'connection: keep-alive\r\nconnection: close\r\n', 0],
  ])('its connection is kept: %s', (_name, headers, keepMs) => {
    expect(read([`${head}${headers}content-length: 2\r\n\r\n{}`])?.keepMs).toBe(keepMs)
  })

  test.each([
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}', 0],
    [
      'HTTP/1.0 that is kept',
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}',
      4_000,
    ],
    ['bytes after the answer', `${http('{}')}H`, 0],
    ['bytes after the chunks', `${chunked}2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK`, 0],
  ])('of %s', (_name, bytes, keepMs) => {
    expect(read([bytes])).toMatchObject({ text: '{}', keepMs })
  })

  test.each([
    ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['not modified, whatever its length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 900\r\n\r\n'],
    ['no reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'],
  ])('has no body: %s', (_name, bytes) => {
    expect(read([bytes])).toMatchObject({ text: '' })
  })

  test.each([
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 2OO OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'],
    ['a header that is folded', `${head}x: y\r\n z\r\ncontent-length: 0\r\n\r\n`],
    ['a space before the colon', `${head}content-length : 0\r\n\r\n`],
    ['no colon', `${head}nonsense\r\ncontent-length: 0\r\n\r\n`],
    ['no name', `${head}: y\r\ncontent-length: 0\r\n\r\n`],
    ['a line that ends with LF alone', `${head}x: y\ncontent-length: 0\r\n\r\n`],
    ['a CR within a line', `${head}x: y\rcontent-length: 5\r\ncontent-length: 0\r\n\r\n`],
    ['a NUL', `${head}x: \0\r\ncontent-length: 0\r\n\r\n`],
    ['one length twice', `${head}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`],
    ['a list of lengths', `${head}content-length: 2, 2\r\n\r\n{}`],
    ['a length with a sign', `${head}content-length: +2\r\n\r\n{}`],
    ['a length in hexadecimal', `${head}content-length: 0x2\r\n\r\n{}`],
    ['a length that is empty', `${head}content-length: \r\n\r\n{}`],
    ['two types', `${head}content-type: text/html\r\ncontent-length: 0\r\n\r\n`],
    ['a length and chunks', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks of an old version', `${chunked.replace('1.1', '1.0')}0\r\n\r\n`],
    ['chunks within gzip', `${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks twice', `${head}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding like chunked', `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a chunk of less than none', `${chunked}-1\r\n`],
    ['a size with a prefix', `${chunked}0x2\r\n{}\r\n0\r\n\r\n`],
    ['no size', `${chunked}\r\n{}\r\n`],
    ['a size that ends with LF alone', `${chunked}2\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `${chunked}1\r\n{}\r\n0\r\n\r\n`],
    ['an extension without end', `${chunked}2;${'x'.repeat(20_000)}`],
    ['trailers without end', `${chunked}0\r\n${'x: y\r\n'.repeat(5_000)}`],
    ['a trailer that is none', `${chunked}0\r\nnonsense\r\n\r\n`],
    ['hints without end', 'HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\n'.repeat(1_000)],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => read([bytes])).toThrow(expect.objectContaining({ name: 'MalformedAnswer' }))
    expect(() => read([...bytes])).toThrow(expect.objectContaining({ name: 'MalformedAnswer' }))
  })

  test.each([
    ['as it says', `${head}content-length: ${maxBytes + 1}\r\n\r\n`],
    ['in chunks', `${chunked}${'1\r\nx\r\n'.repeat(maxBytes + 1)}`],
    ['until its end', `${head}\r\n${'x'.repeat(maxBytes + 1)}`],
  ])('is too large: %s', (_name, bytes) => {
    expect(() => read([bytes])).toThrow(expect.objectContaining({ name: 'AnswerTooLarge' }))
  })
})
