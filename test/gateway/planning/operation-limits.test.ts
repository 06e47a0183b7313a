import { getIntrospectionQuery } from 'graphql'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { createFairQueue } from '../../../gateway/planning/fair-queue.ts'
import { operationLimits } from '../../../gateway/planning/operation-limits.ts'
import { compose } from '../../federation/compose.ts'

const planner = createPlanner(compose({ a: { sdl: 'type Query { a: Int q: Query list(of: [Int]): Int }' } }))

async function codesOf(query: string) {
  const prepared = await planner.prepare({ query, operationName: undefined })
  return prepared.ok ? 'ok' : prepared.errors.map(({ extensions }) => extensions.code)[0]
}

const tooComplex = 'OPERATION_TOO_COMPLEX'
const aliases = (count: number) => Array.from({ length: count }, (_, n) => `a${n}: a`).join(' ')

describe('operations beyond the limits', () => {
  test('root fields, aliases and fragments counted', async () => {
    const { rootFields } = operationLimits
    expect(await codesOf(`{ ${aliases(rootFields)} }`)).toBe('ok')
    expect(await codesOf(`{ ${aliases(rootFields + 1)} }`)).toBe(tooComplex)
    const half = aliases(rootFields / 2 + 1)
    expect(await codesOf(`{ ...F ...F } fragment F on Query { ${half} }`)).toBe(tooComplex)
  })

  test('fragments that multiply each other', async () => {
    const levels = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Query { q { ...F${n + 1} ...F${n + 1} } }`,
    )
    const query = `{ ...F0 } ${levels.join(' ')} fragment F40 on Query { a }`
    expect(await codesOf(query)).toBe(tooComplex)
  })

  test('a fragment within itself is invalid, not endless', async () => {
    expect(await codesOf('{ ...F } fragment F on Query { q { ...F } }')).toBe('GRAPHQL_VALIDATION_FAILED')
  })

  test('nesting: of selections, of lists that are never closed', async () => {
    expect(await codesOf(`${'{q'.repeat(90)}{a}${'}'.repeat(90)}`)).toBe('ok')
    expect(await codesOf(`${'{q'.repeat(5_000)}`)).toBe(tooComplex)
    expect(await codesOf(`{ list(of: ${'['.repeat(100_000)}`)).toBe(tooComplex)
  })

  test('tokens, and a text that is no GraphQL', async () => {
    expect(await codesOf(`{ ${'a '.repeat(operationLimits.tokens)} }`)).toBe(tooComplex)
    // graphql-js itself stops comparing fields of one name with each other.
    expect(await codesOf(`{ q { ${'a '.repeat(4_000)} } }`)).toBe('GRAPHQL_VALIDATION_FAILED')
    expect(await codesOf('{ a "')).toBe('GRAPHQL_PARSE_FAILED')
    expect(await codesOf('')).toBe('GRAPHQL_PARSE_FAILED')
  })
})

describe('introspection', () => {
  const answers = Array.from(
    { length: 50 },
    (_, n) => `type T${n} { ${Array.from({ length: 40 }, (_, m) => `a${m}: T0`).join(' ')} }`,
  )
  const large = createPlanner(compose({ a: { sdl: `type Query { t: T0 } ${answers.join(' ')}` } }))
  const codeOf = async (query: string) => {
    const prepared = await large.prepare({ query, operationName: undefined })
    return prepared.ok ? 'ok' : prepared.errors.map(({ extensions }) => extensions.code)[0]
  }
  const all = getIntrospectionQuery()
  const fields = (count: number, of: string) =>
    Array.from({ length: count }, (_, n) => `f${n}: fields { type { ${of} } }`).join(' ')

  test('all of a schema, and a part of each of its types', async () => {
    expect(await codeOf(all)).toBe('ok')
    expect(await codeOf('{ __schema { types { fields { type { name ofType { name } } } } } }')).toBe('ok')
    expect(await codeOf('query($name: String!) { __type(name: $name) { fields { name } } }')).toBe('ok')
  })

  test('not the same again and again, by lists in lists, fragments, or a type that a variable names', async () => {
    expect(await codeOf(`{ __schema { types { ${fields(10, fields(10, 'name'))} } } }`)).toBe(tooComplex)
    expect(await codeOf(`{ __type(name: "T0") { ${fields(30, fields(30, 'name'))} } }`)).toBe(tooComplex)
    expect(
      await codeOf(`query($name: String!) { __type(name: $name) { ${fields(30, fields(30, 'name'))} } }`),
    ).toBe(tooComplex)
    const often = Array.from({ length: 100 }, (_, n) => `s${n}: __schema { types { ...T } }`)
    const fragment = 'fragment T on __Type { fields { name type { name fields { name } } } }'
    expect(await codeOf(`{ ${often.join(' ')} } ${fragment}`)).toBe(tooComplex)
    expect(await codeOf(`{ ...Q } fragment Q on Query { ${often.join(' ')} } ${fragment}`)).toBe(tooComplex)
  })
})

describe('a fair queue', () => {
  test('lanes take turns, each in its own order', () => {
    const queue = createFairQueue<string, string>(3)
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1']) expect(queue.add(item[0] ?? '', item)).toBe(true)
    expect(queue.add('a', 'a4')).toBe(false)
    expect(queue.remove('c', 'c1')).toBe(true)
    expect(queue.remove('c', 'c1')).toBe(false)
    const taken = Array.from({ length: 5 }, () => queue.take())
    expect(taken).toEqual(['a1', 'b1', 'a2', 'a3', undefined])
    expect(queue.drain()).toEqual([])
  })
})
