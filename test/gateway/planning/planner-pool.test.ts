import { parse } from 'graphql'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { createPlannerPool, type PlannerPool } from '../../../gateway/planning/planner-pool.ts'
import { compose } from '../../federation/compose.ts'

const supergraph = compose({
  a: { sdl: 'type Query { t(x: Int): T ts: [T!]! } type T @key(fields: "id") { id: ID! a: Int }' },
  b: { sdl: 'type T @key(fields: "id") { id: ID! b(n: Int): Int deep: T }' },
})
const other = compose({ a: { sdl: 'type Query { u: Int }' } })

/** Distinct operations: no two have a plan in common. */
const operation = (n: number) => ({ query: `{ t(x: ${n}) { a b(n: ${n}) } }`, operationName: undefined })

/** Six subgraphs share a field that leads back to its type: the planner weighs up six ways at each level. */
const endless = compose(
  Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [
      name,
      {
        sdl: `${name === 'a' ? 'type Query { t: T }' : ''}
          type T @key(fields: "id") { id: ID! next: T @shareable ${name}: Int }`,
      },
    ]),
  ),
)

function deep(levels: number) {
  const query = `{ t ${'{ next '.repeat(levels)} { a b c d e f } ${'}'.repeat(levels)} }`
  return { query, operationName: undefined }
}

describe('planners in threads', () => {
  let pool: PlannerPool
  const open = (options: Parameters<typeof createPlannerPool>[0] = {}, sdl = supergraph) => {
    pool = createPlannerPool({ threads: 1, ...options })
    return pool.open(sdl)
  }
  afterEach(() => pool.close())

  test('plan as the one in this thread does', async () => {
    const inThread = await open()
    const here = createPlanner(supergraph)
    for (const query of [
      '{ t { a b } }',
      'query ($n: Int) { t(x: $n) { id: a b(n: $n) } ts { deep { a } } }',
    ]) {
      const planned = await inThread.plan(parse(query), undefined)
      expect(planned.plan).toEqual((await here.plan(parse(query), undefined)).plan)
      expect(JSON.parse(JSON.stringify(planned.plan))).toEqual(planned.plan)
    }
  })

  test('clients with equal supergraphs share schemas and plans', async () => {
    const [one, two] = await Promise.all([open(), pool.open(supergraph)])
    expect(two.schema).toBe(one.schema)
    expect(two.supergraph).toBe(one.supergraph)
    const planned = await one.prepare(operation(1))
    expect(await one.prepare(operation(1))).toBe(planned)
    expect(await two.prepare(operation(1))).toBe(planned)
    const elsewhere = await pool.open(other)
    expect(await elsewhere.prepare(operation(1))).toMatchObject({ ok: false })
    expect(await two.prepare({ ...operation(1), operationName: 'Other' })).not.toBe(planned)
  })

  test('a client whose lane is full still gets what another one has planned', async () => {
    const full = await open({ waiting: 1 })
    const calm = await pool.open(supergraph)
    const planned = await calm.prepare(operation(1))
    const all = Promise.all([2, 3, 4].map((n) => full.prepare(operation(n))))
    expect(await full.prepare(operation(1))).toBe(planned)
    expect((await all).map(({ ok }) => ok)).toEqual([true, true, false])
    // The refusal was about that client's turn, and is nobody else's.
    expect(await calm.prepare(operation(4))).toMatchObject({ ok: true })
  })

  test('tells which operations were asked for most often; refused ones are not among them', async () => {
    const planner = await open()
    for (const n of [1, 2, 2, 2, 3, 3]) await planner.prepare(operation(n))
    for (let times = 0; times < 5; times += 1)
      await planner.prepare({ query: '{ none }', operationName: undefined })
    expect(planner.mostUsed(2)).toEqual([operation(2), operation(3)])
    expect(planner.mostUsed(10)).toHaveLength(3)
  })

  test('errors arrive with their codes and places', async () => {
    const planner = await open()
    const prepare = async (query: string, operationName?: string) => {
      const prepared = await planner.prepare({ query, operationName })
      return prepared.ok ? [] : prepared.errors.map((error) => JSON.parse(JSON.stringify(error)))
    }
    expect(await prepare('{ t {')).toMatchObject([
      { extensions: { code: 'GRAPHQL_PARSE_FAILED' }, locations: [{ line: 1, column: 6 }] },
    ])
    expect(await prepare('{\n  t { none }\n  nothing }')).toMatchObject([
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' }, locations: [{ line: 2, column: 7 }] },
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' }, locations: [{ line: 3, column: 3 }] },
    ])
    expect(await prepare('query A { ts { a } }', 'B')).toMatchObject([
      { message: 'Unknown operation named "B".', extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } },
    ])
    expect(await prepare('{ t { ... @defer { b } } }')).toMatchObject([
      { extensions: { code: 'UNSUPPORTED_DIRECTIVE' } },
    ])
  })

  test('an operation that many ask for at once is planned once', async () => {
    const planner = await open()
    const all = await Promise.all(Array.from({ length: 20 }, () => planner.prepare(operation(1))))
    expect(new Set(all).size).toBe(1)
  })

  test('one client’s new operations do not keep another client waiting', async () => {
    const busy = await open()
    const calm = await pool.open(other)
    let answered = 0
    const many = Array.from({ length: 100 }, async (_, n) => {
      await busy.prepare(operation(n))
      answered += 1
    })
    expect(await calm.prepare({ query: '{ u }', operationName: undefined })).toMatchObject({ ok: true })
    expect(answered).toBeLessThan(10)
    await Promise.all(many)
  })

  test('more than may wait is refused at once, and asking again later is answered', async () => {
    const planner = await open({ waiting: 3 })
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => planner.prepare(operation(n))))
    expect(all.filter(({ ok }) => ok)).toHaveLength(4)
    expect(all[9]).toMatchObject({ errors: [{ code: 'PLANNING_OVERLOADED' }] })
    expect(await planner.prepare(operation(9))).toMatchObject({ ok: true })
  })

  test('what nobody waits for any more is not planned', async () => {
    const planner = await open({ waiting: 2 })
    const first = planner.prepare(operation(0))
    const leaving = new AbortController()
    const { signal } = leaving
    const left = [1, 2].map((n) => planner.prepare({ ...operation(n), signal }))
    const staying = planner.prepare(operation(2))
    leaving.abort(new Error('gone'))
    for (const promise of left) await expect(promise).rejects.toThrow('gone')
    // Its place in the queue is free again.
    expect(await planner.prepare(operation(3))).toMatchObject({ ok: true })
    expect(await Promise.all([first, staying])).toMatchObject([{ ok: true }, { ok: true }])
  })

  test('an operation that takes too long is given up, and not tried again; the next one is planned', async () => {
    const planner = await open({ timeoutMs: 4_000 }, endless)
    const refused = await planner.prepare(deep(10))
    expect(refused).toMatchObject({ errors: [{ code: 'OPERATION_TOO_COMPLEX' }] })
    expect(await planner.prepare(deep(10))).toBe(refused)
    expect(await planner.prepare(deep(1))).toMatchObject({ ok: true })
  })

  test('an operation that ends its thread is tried once more, and ends nothing else', async () => {
    const planner = await open({ memoryMb: 50, timeoutMs: 40_000 }, endless)
    const [refused, ...planned] = await Promise.all([10, 1, 2].map((n) => planner.prepare(deep(n))))
    expect(refused).toMatchObject({ errors: [{ code: 'INTERNAL_SERVER_ERROR' }] })
    expect(planned).toMatchObject([{ ok: true }, { ok: true }])
  }, 90_000)

  test('a text that is no supergraph is refused, and the thread goes on', async () => {
    await expect(open({}, 'type Query { a: Int }')).rejects.toThrow('No planner could be built')
    const planner = await pool.open(supergraph)
    expect(await planner.prepare(operation(1))).toMatchObject({ ok: true })
  })

  test('what waits in one lane takes turns as one with the others', async () => {
    const planner = await open()
    const lane = Symbol('swaps of many')
    let ended = 0
    const many = Array.from({ length: 30 }, async (_, n) => {
      await planner.prepare({ ...operation(n), lane })
      ended += 1
    })
    await planner.prepare(operation(100))
    expect(ended).toBeLessThan(4)
    await Promise.all(many)
  })

  test('closing answers what waits', async () => {
    const planner = await open()
    const all = Array.from({ length: 5 }, (_, n) => planner.prepare(operation(n)))
    await pool.close()
    for (const prepared of await Promise.all(all)) {
      expect(prepared).toMatchObject({ ok: false, errors: [{ code: 'PLANNING_OVERLOADED' }] })
    }
    expect(await planner.prepare(operation(9))).toMatchObject({ ok: false })
    const source = { name: 'a', sdl: 'type Query { a: Int }', url: 'http://a.example' }
    const overloaded = { code: 'PLANNING_OVERLOADED' }
    await expect(pool.compose([source])).rejects.toMatchObject(overloaded)
    await expect(pool.open(other)).rejects.toMatchObject(overloaded)
    await expect(pool.readDocuments(supergraph, ['{ t { a } }'])).rejects.toMatchObject(overloaded)
  })

  test('planners beyond the bound are given up and built anew when asked for', async () => {
    const one = await open({ planners: 1 })
    const two = await pool.open(other)
    expect(await one.prepare(operation(1))).toMatchObject({ ok: true })
    expect(await two.prepare({ query: '{ u }', operationName: undefined })).toMatchObject({ ok: true })
    expect(await one.prepare(operation(2))).toMatchObject({ ok: true })
  })
})
