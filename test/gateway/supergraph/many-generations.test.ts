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
