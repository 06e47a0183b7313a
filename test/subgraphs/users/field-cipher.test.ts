import { randomBytes } from 'node:crypto'
import { createFieldCipher, type FieldPlace } from '../../../subgraphs/users/field-cipher.ts'

const key = randomBytes(32)
const cipher = createFieldCipher([key])
const place: FieldPlace = { client: 'acme', userId: 'u1', field: 'email' }

test('what was encrypted for a place opens there, and every time it looks different', () => {
  const sealed = cipher.encrypt(place, 'ada@acme.example')
  expect(createFieldCipher([key]).decrypt(place, sealed)).toBe('ada@acme.example')
  expect(cipher.encrypt(place, 'ada@acme.example')).not.toEqual(sealed)
})

test.each<[string, Partial<FieldPlace>]>([
  ['client', { client: 'globex' }],
  ['user', { userId: 'u2' }],
  ['field', { field: 'phone' }],
])('moved to another %s it does not open', (_what, other) => {
  const sealed = cipher.encrypt(place, 'ada@acme.example')
  expect(() => cipher.decrypt({ ...place, ...other }, sealed)).toThrow()
})

test('changed, cut, or under another key it does not open', () => {
  const sealed = cipher.encrypt(place, 'ada@acme.example')
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte))
    expect(() => cipher.decrypt(place, changed)).toThrow()
  }
  expect(() => cipher.decrypt(place, sealed.subarray(0, 20))).toThrow()
  expect(() => createFieldCipher([randomBytes(32)]).decrypt(place, sealed)).toThrow()
})

test('a fingerprint is the same for the same text in the same client only', () => {
  const print = cipher.fingerprint('acme', 'ada@acme.example')
  expect(cipher.fingerprint('acme', 'ada@acme.example')).toEqual(print)
  expect(cipher.fingerprint('globex', 'ada@acme.example')).not.toEqual(print)
  expect(createFieldCipher([randomBytes(32)]).fingerprint('acme', 'ada@acme.example')).not.toEqual(print)
})

test('with two keys the first is used, and what the other made opens', () => {
  const other = randomBytes(32)
  const [before, both] = [createFieldCipher([key]), createFieldCipher([other, key])]
  const sealed = before.encrypt(place, 'ada@acme.example')
  expect(both.decrypt(place, sealed)).toBe('ada@acme.example')
  expect([both.isOutdated(place, sealed), before.isOutdated(place, sealed)]).toEqual([true, false])
  expect(createFieldCipher([other]).decrypt(place, both.encrypt(place, 'x'))).toBe('x')
  const print = createFieldCipher([other]).fingerprint('acme', 'x')
  expect(both.fingerprint('acme', 'x')).toEqual(print)
  expect(both.fingerprints('acme', 'x')).toEqual([print, before.fingerprint('acme', 'x')])
})
