import { randomBytes } from 'node:crypto'
import { createCursors } from '../../../events/log/cursor.ts'

const key = randomBytes(32)
const epoch = crypto.randomUUID()
const scope = { client: 'acme', stream: 'recordChanged:orders' }
const cursors = createCursors(key, epoch)
const invalid = expect.objectContaining({ code: 'CURSOR_INVALID' })

test.each([0, 1, 41, 2 ** 40, Number.MAX_SAFE_INTEGER])('position %d comes back', (position) => {
  expect(cursors.decode(scope, cursors.encode(scope, position))).toBe(position)
})

test('equal places have equal cursors, also in another process', () => {
  expect(createCursors(key, epoch).encode(scope, 7)).toBe(cursors.encode(scope, 7))
})

test('a cursor tells neither its position nor the distance of two', () => {
  const decoded = [1, 2, 3].map((position) => Buffer.from(cursors.encode(scope, position), 'base64url'))
  const sealed = decoded.map((bytes) => bytes.subarray(12, 20).toString('hex'))
  expect(new Set(sealed).size).toBe(3)
  expect(sealed).not.toContain('0000000000000001')
  const [a, b] = sealed
  expect(a?.slice(0, 14)).not.toBe(b?.slice(0, 14))
})

test.each<[string, ReturnType<typeof createCursors>, typeof scope, string]>([
  ['another client', cursors, { ...scope, client: 'globex' }, 'CURSOR_INVALID'],
  ['another client and stream', cursors, { client: 'globex', stream: 'other' }, 'CURSOR_INVALID'],
  ['another log', createCursors(randomBytes(32), epoch), scope, 'CURSOR_INVALID'],
  ['another stream', cursors, { ...scope, stream: 'recordChanged:customers' }, 'CURSOR_OF_ANOTHER_STREAM'],
  ['names that run together', cursors, { client: 'acmerecord', stream: 'Changed:orders' }, 'CURSOR_INVALID'],
  ['another epoch of this log', createCursors(key, crypto.randomUUID()), scope, 'CURSOR_EXPIRED'],
])('of %s: refused, with a code of its own', (_name, decoder, otherScope, code) => {
  const cursor = cursors.encode(scope, 7)
  expect(() => decoder.decode(otherScope, cursor)).toThrow(expect.objectContaining({ code }))
})

test('every bit of it is checked', () => {
  const bytes = Buffer.from(cursors.encode(scope, 7), 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const forged = Buffer.from(bytes)
    forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(() => cursors.decode(scope, forged.toString('base64url'))).toThrow(invalid)
  }
})

test.each(['', 'x', '====', 'A'.repeat(64), ' ', '\0', '💥'.repeat(20), 'A'.repeat(100_000)])(
  'nonsense is invalid: %j',
  (nonsense) => {
    expect(() => cursors.decode(scope, nonsense)).toThrow(invalid)
  },
)

test('it has one spelling', () => {
  const cursor = cursors.encode(scope, 7)
  for (const respelt of [
    `${cursor} `,
    `${cursor}=`,
    `${cursor}\n`,
    ` ${cursor}`,
    `${cursor.slice(0, 9)}!${cursor.slice(9)}`,
  ]) {
    expect(() => cursors.decode(scope, respelt)).toThrow(invalid)
  }
})
