import { parse } from 'graphql'
import { defaultLengths } from '../../lambdas/host/default-values.ts'

/** Of the default of `Query.a(b:)`. */
function lengthOf(sdl: string, enough = 20_000): number | undefined {
  const lengths = defaultLengths(parse(sdl), enough)
  return [...lengths].find(([field]) => field.name.value === 'b')?.[1]
}
const fields = (count: number) => Array.from({ length: count }, (_, n) => `f${n}: Int`).join(' ')

test('an object is as long as what is given and what is filled in, with one for each field left out', () => {
  const sdl = (value: string) =>
    `input T { x: Int xyz: Int = 100 none: Int } type Query { a(b: T = ${value}): Int }`
  expect(lengthOf(sdl('{}'))).toBe(1 + 6 + 1)
  expect(lengthOf(sdl('{ x: 12 }'))).toBe(3 + 6 + 1)
  expect(lengthOf(sdl('{ x: 12, other: 7 }'))).toBe(3 + 6 + 1 + 6)
})

test('many objects of many fields are measured no further than is enough, also where each fills in nothing', () => {
  const sdl = `input T { ${fields(1_000)} } type Query { a(b: [T] = [${'{},'.repeat(10_000)}]): Int }`
  expect(lengthOf(sdl)).toBe(20 * 1_001)
  expect(lengthOf(sdl, 5_000)).toBe(5 * 1_001)
})

test('what fills in itself has no end', () => {
  expect(lengthOf('input T { t: T = {} } type Query { a(b: T = {}): Int }')).toBe(Number.POSITIVE_INFINITY)
})
