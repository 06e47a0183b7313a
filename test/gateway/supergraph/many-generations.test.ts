import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { silentLog } from '../../../foundation/log.ts'
import { createPlannerPool } from '../../../gateway/planning/planner-pool.ts'
import { buildGeneration } from '../../../gateway/supergraph/build-generation.ts'
import { type ClientGraph, clientGraphHash } from '../../../gateway/supergraph/client-graph.ts'
import { createGenerations, type Generations } from '../../../gateway/supergraph/generations.ts'
import { summarize } from '../../../gateway/supergraph/graph-change.ts'
import type { Subgraph } from '../../../gateway/transports/subgraph-fetch.ts'
import { eventually } from '../../support/eventually.ts'

const planners = createPlannerPool()
afterAll(() => planners.close())

const subgraph: Subgraph = {
  fetch: async () => ({ data: {} }),
  async *subscribe() {
    // No events.
  },
}
const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")\n'
const pluginOf = (number: number, field: string): ClientGraph['plugin'] => ({
  number,
  digest: `${field}-${number}`,
  sdl: `${link}type Query { ${field}: Int }`,
  rules: [],
})

/** Clients of one module, some with a plugin; all that the test changes. */
function start(bounds: { generations?: number } = {}) {
  const module = { name: 'core', version: '1.0.0', sdl: `${link}type Query { a: Int b: Int }` }
  const plugins = new Map<string, ClientGraph['plugin']>()
  const closed: string[] = []
  let core = module
  const connect = { module: () => subgraph, plugin: () => ({ ...subgraph, close: async () => undefined }) }
  const generations = createGenerations<ClientGraph>({
    graphOf: (client) => ({ client, modules: [core], plugin: plugins.get(client) ?? null, contract: null }),
    hashOf: clientGraphHash,
    summarize,
    async build(graph, order) {
      const options = { connect, compose: planners.compose, planners, log: silentLog }
      const built = await buildGeneration(graph, order, options)
      if (!built.ok) return built
      const close = async () => {
        await built.generation.close()
        closed.push(graph.client)
      }
      return { ok: true, generation: { ...built.generation, close } }
    },
    bounds,
    log: silentLog,
  })
  const changeCore = (version: string, sdl: string) => {
    core = { name: 'core', version, sdl: `${link}${sdl}` }
  }
  return { generations, plugins, closed, changeCore }
}

async function use(generations: Generations, client: string, query = '{ a }') {
  using lease = await generations.acquire(client)
  const prepared = await lease.generation.planner.prepare({ query, operationName: undefined })
  if (!prepared.ok) throw prepared.errors[0]
  return lease.generation
}

async function plannerOf(generations: Generations, client: string) {
  using lease = await generations.acquire(client)
  return lease.generation.planner
}

test('clients with equal graphs share schemas, plans and what is compiled, and nothing of each other', async () => {
  const { generations } = start()
  const [one, two] = await Promise.all([use(generations, 'one'), use(generations, 'two')])
  expect(two.planner.schema).toBe(one.planner.schema)
  expect(two.id).not.toBe(one.id)
  const prepare = ({ planner }: typeof one) => planner.prepare({ query: '{ a b }', operationName: undefined })
  expect(await prepare(two)).toBe(await prepare(one))
  expect(two.planner.mostUsed(9)).not.toBe(one.planner.mostUsed(9))
  await generations.close()
})

test('one client’s change leaves the others’ generations as they are', async () => {
  const { generations, plugins, closed } = start()
  const before = await Promise.all(['one', 'two', 'three'].map((client) => use(generations, client)))
  const changes: string[] = []
  generations.onChange((key, { reason }) => changes.push(`${key}: ${reason}`))
  plugins.set('two', pluginOf(4, 'p'))
  expect(await generations.serve('two')).toMatchObject({ number: 2, reason: 'plugin release 4' })
  plugins.set('two', null)
  await generations.swap()
  expect(changes).toEqual(['two: plugin release 4', 'two: no plugin release'])
  expect(await use(generations, 'one')).toBe(before[0])
  expect(await use(generations, 'three')).toBe(before[2])
  expect(closed).toEqual(['two', 'two'])
  await generations.close()
})

test('beyond the bound the least used rest; what is leased or subscribed to stays', async () => {
  const { generations, closed } = start({ generations: 2 })
  const lease = await generations.acquire('leased')
  const leave = generations.subscribed('followed')
  await use(generations, 'followed')
  await use(generations, 'third')
  await use(generations, 'fourth')
  expect(['leased', 'followed', 'third', 'fourth'].map((key) => generations.statusOf(key) !== null)).toEqual([
    true,
    true,
    false,
    true,
  ])
  expect(closed).toEqual(['third'])
  lease[Symbol.dispose]()
  leave()
  // Woken again: it goes on counting, and says that nothing has changed.
  await use(generations, 'third')
  expect(generations.statusOf('third')).toMatchObject({ number: 2, reason: 'used again' })
  expect(['leased', 'followed', 'fourth'].filter((key) => generations.statusOf(key) !== null)).toHaveLength(1)
  await generations.close()
})

test('a new generation has planned what was used most, before it is asked', async () => {
  const { generations, changeCore } = start()
  for (const query of ['{ a }', '{ b }', '{ b }']) await use(generations, 'one', query)
  changeCore('1.2.0', 'type Query { a: Int b: Int c: Int }')
  await generations.swap()
  expect(generations.statusOf('one')).toMatchObject({ reason: 'module core 1.2.0' })
  const planner = await plannerOf(generations, 'one')
  await eventually('both are there', () => planner.mostUsed(9).length === 2)
  await generations.close()
})

test('streams are told of each swap of their own graph, and of no other', async () => {
  const { generations, plugins } = start()
  await Promise.all(['one', 'two'].map((client) => use(generations, client)))
  const told: string[] = []
  const leave = ['one', 'two'].map((client) => generations.follow(client, () => told.push(client)))
  plugins.set('one', pluginOf(1, 'p'))
  await generations.swap()
  expect(told).toEqual(['one'])
  leave[0]?.()
  plugins.set('one', pluginOf(2, 'p'))
  await generations.swap()
  expect(told).toEqual(['one'])
  await generations.close()
})

test('after many swaps nothing of the generations before is left', async () => {
  const { generations, plugins } = start()
  const before: WeakRef<object>[] = []
  for (let n = 1; n <= 20; n += 1) {
    plugins.set('one', pluginOf(n, `p${n}`))
    await generations.serve('one')
    const generation = await use(generations, 'one', `{ a p${n} }`)
    before.push(new WeakRef(generation), new WeakRef(generation.planner.schema))
  }
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  await eventually('only the last is there', () => {
    collect()
    return before.filter((reference) => reference.deref()).length <= 2
  })
  await generations.close()
})

/** Clients with a plugin each, all of them running. */
async function startMany(count: number) {
  const world = start()
  const clients = Array.from({ length: count }, (_, n) => `c${n}`)
  for (const [n, client] of clients.entries()) {
    world.plugins.set(client, pluginOf(1, `own${n}`))
    await use(world.generations, client)
  }
  return { ...world, clients }
}

test('a plugin that a module’s new schema refuses keeps its client’s generation, and holds up nobody else’s', async () => {
  const { generations, clients, changeCore } = await startMany(6)
  const before = await plannerOf(generations, 'c3')
  // The module comes with the field of one of the plugins.
  changeCore('2.0.0', 'type Query { a: Int b: Int own3: Int }')
  await generations.swap()
  const numbers = clients.map((client) => generations.statusOf(client)?.number)
  expect(numbers).toEqual([2, 2, 2, 1, 2, 2])
  expect(await plannerOf(generations, 'c3')).toBe(before)
  changeCore('3.0.0', 'type Query { a: Int b: Int d: Int }')
  await generations.swap()
  expect(clients.map((client) => generations.statusOf(client)?.number)).toEqual([3, 3, 3, 2, 3, 3])
  await generations.close()
})

test('what is asked during a common swap is planned on one generation, which has what its client has', async () => {
  const { generations, clients, changeCore } = await startMany(8)
  changeCore('2.0.0', 'type Query { a: Int c: Int }')
  let phase: 'swapping' | 'swapped' = 'swapping'
  const seen = new Set<number>()
  const ask = async (client: string, n: number) => {
    do {
      using lease = await generations.acquire(client)
      const { number, planner } = lease.generation
      const prepare = (query: string) => planner.prepare({ query, operationName: undefined })
      const [own, old, fresh, others] = await Promise.all([
        prepare(`{ own${n} }`),
        prepare('{ b }'),
        prepare('{ c }'),
        prepare(`{ own${n + 1} }`),
      ])
      seen.add(number)
      expect([own.ok, old.ok, fresh.ok, others.ok]).toEqual([true, number === 1, number === 2, false])
      await new Promise(setImmediate)
    } while (phase === 'swapping')
  }
  const asking = clients.map(ask)
  await generations.swap()
  phase = 'swapped'
  await Promise.all(asking)
  expect(seen).toEqual(new Set([1, 2]))
  await generations.close()
})

test('closing in the middle of a common swap closes what ran and what was just built, and begins no more', async () => {
  const { generations, clients, closed, changeCore } = await startMany(12)
  const swapped: string[] = []
  const first = Promise.withResolvers<void>()
  generations.onChange((client) => {
    swapped.push(client)
    first.resolve()
  })
  changeCore('2.0.0', 'type Query { a: Int c: Int }')
  const swapping = generations.swap()
  await first.promise
  await generations.close()
  await swapping
  expect(swapped.length).toBeLessThan(clients.length)
  expect(clients.map((client) => generations.statusOf(client))).toEqual(clients.map(() => null))
  for (const client of clients) {
    const generationsOf = swapped.includes(client) ? 2 : 1
    expect(closed.filter((one) => one === client)).toHaveLength(generationsOf)
  }
})

test('clients that are made of the same are built in turns: whatever else comes is served between them', async () => {
  const { generations, changeCore } = start()
  const clients = Array.from({ length: 300 }, (_, n) => `c${n}`)
  const servedIn = new Map<number, number>()
  let turn = 0
  let phase: 'running' | 'done' = 'running'
  const count = () => {
    turn += 1
    if (phase === 'running') setImmediate(count)
  }
  count()
  generations.onChange(() => servedIn.set(turn, (servedIn.get(turn) ?? 0) + 1))
  await Promise.all(clients.map((client) => use(generations, client)))
  changeCore('2.0.0', 'type Query { a: Int c: Int }')
  await generations.swap()
  expect([...servedIn.values()].reduce((sum, many) => sum + many)).toBe(2 * clients.length)
  expect(Math.max(...servedIn.values())).toBeLessThan(10)
  // Nothing has changed: all are looked at, and none built.
  const before = turn
  await generations.swap()
  expect(turn).toBeGreaterThan(before + 1)
  phase = 'done'
  await generations.close()
})
