import { silentLog } from '../../../foundation/log.ts'
import { createPlannerPool } from '../../../gateway/planning/planner-pool.ts'
import { buildGeneration } from '../../../gateway/supergraph/build-generation.ts'
import { type ClientGraph, clientGraphHash } from '../../../gateway/supergraph/client-graph.ts'
import { createGenerations } from '../../../gateway/supergraph/generations.ts'
import { summarize } from '../../../gateway/supergraph/graph-change.ts'
import type { Subgraph } from '../../../gateway/transports/subgraph-fetch.ts'

const planners = createPlannerPool()
afterAll(() => planners.close())

const subgraph: Subgraph = {
  fetch: async () => ({ data: {} }),
  async *subscribe() {
    // No events.
  },
}

function graph(sdl: string, plugin: ClientGraph['plugin'] = null): ClientGraph {
  return { client: 'acme', modules: [{ name: 'users', sdl }], plugin, contract: null }
}

/** Real generations over a graph that the test changes; tells of each build and each close. */
function startGenerations(first: ClientGraph | null) {
  const current = { graph: first }
  const happened: string[] = []
  const generations = createGenerations({
    graphOf: () => current.graph,
    hashOf: clientGraphHash,
    summarize,
    async build(graph, order) {
      const { number } = order
      const connect = {
        module: () => subgraph,
        plugin: () => ({ ...subgraph, close: async () => undefined }),
      }
      const built = await buildGeneration(graph, order, {
        connect,
        compose: planners.compose,
        planners,
        log: silentLog,
      })
      if (!built.ok) return built
      happened.push(`built ${number}`)
      const close = async () => {
        await built.generation.close()
        happened.push(`closed ${number}`)
      }
      return { ok: true, generation: { ...built.generation, close } }
    },
    log: silentLog,
  })
  return { generations, current, happened }
}

describe('generations', () => {
  test('is built once, however many ask for it at once', async () => {
    const { generations, happened } = startGenerations(graph('type Query { a: Int }'))
    const leases = await Promise.all(Array.from({ length: 20 }, () => generations.acquire('acme')))
    expect(new Set(leases.map(({ generation }) => generation)).size).toBe(1)
    expect(happened).toEqual(['built 1'])
    for (const lease of leases) lease[Symbol.dispose]()
    await generations.close()
    expect(happened).toEqual(['built 1', 'closed 1'])
  })

  test('a graph that has not changed makes no new generation', async () => {
    const { generations, current, happened } = startGenerations(graph('type Query { a: Int }'))
    using lease = await generations.acquire('acme')
    current.graph = graph('type Query { a: Int }')
    await generations.swap()
    using again = await generations.acquire('acme')
    expect(again.generation).toBe(lease.generation)
    expect(happened).toEqual(['built 1'])
  })

  test('a swap leaves what is leased whole, and closes it with the last lease', async () => {
    const { generations, current, happened } = startGenerations(graph('type Query { a: Int }'))
    const [first, second] = [await generations.acquire('acme'), await generations.acquire('acme')]
    current.graph = graph('type Query { a: Int b: Int }')
    await generations.swap()
    using after = await generations.acquire('acme')
    expect(Object.keys(after.generation.planner.schema.getQueryType()?.getFields() ?? {})).toEqual(['a', 'b'])
    first[Symbol.dispose]()
    first[Symbol.dispose]() // Twice is once.
    await generations.swap()
    expect(happened).toEqual(['built 1', 'built 2'])
    const answer = await second.generation.answering.execute(
      { query: '{ __typename }', operationName: undefined, variables: undefined, extensions: undefined },
      {
        viewer: { kind: 'SERVER', client: 'acme', keyId: 'k' },
        depth: 0,
        traceparent: undefined,
        disconnected: new AbortController().signal,
      },
    )
    expect(answer).toEqual({ data: { __typename: 'Query' } })
    second[Symbol.dispose]()
    await new Promise(setImmediate)
    expect(happened).toEqual(['built 1', 'built 2', 'closed 1'])
  })

  test('other plugin code under the same schema is another generation', async () => {
    const sdl =
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) type Query { p: Int }'
    const { generations, current } = startGenerations(
      graph('type Query { a: Int }', { number: 1, digest: '1', sdl, rules: [] }),
    )
    using first = await generations.acquire('acme')
    current.graph = graph('type Query { a: Int }', { number: 2, digest: '2', sdl, rules: [] })
    await generations.swap()
    using second = await generations.acquire('acme')
    expect(second.generation.id).not.toBe(first.generation.id)
  })

  test('what does not compose changes nothing; without anything running it is NO_SCHEMA', async () => {
    const { generations, current, happened } = startGenerations(graph('type Query { a: Int }'))
    using lease = await generations.acquire('acme')
    current.graph = graph('type Query { a: Missing }')
    await generations.swap()
    using again = await generations.acquire('acme')
    expect(again.generation).toBe(lease.generation)
    expect(happened).toEqual(['built 1'])
    const broken = startGenerations(graph('type Query { a: Missing }'))
    await expect(broken.generations.acquire('acme')).rejects.toMatchObject({ code: 'NO_SCHEMA' })
    await expect(startGenerations(null).generations.acquire('acme')).rejects.toMatchObject({
      code: 'NO_SCHEMA',
    })
  })

  test('a change while a generation is being built is in the next one', async () => {
    const { generations, current, happened } = startGenerations(graph('type Query { a: Int }'))
    const acquiring = generations.acquire('acme')
    current.graph = graph('type Query { a: Int b: Int }')
    await generations.swap()
    ;(await acquiring)[Symbol.dispose]()
    using lease = await generations.acquire('acme')
    expect(Object.keys(lease.generation.planner.schema.getQueryType()?.getFields() ?? {})).toContain('b')
    expect(happened.filter((what) => what.startsWith('built')).length).toBeGreaterThanOrEqual(1)
  })

  test('a client that is gone has no generation any more', async () => {
    const { generations, current, happened } = startGenerations(graph('type Query { a: Int }'))
    ;(await generations.acquire('acme'))[Symbol.dispose]()
    current.graph = null
    await generations.swap()
    await expect(generations.acquire('acme')).rejects.toMatchObject({ code: 'NO_SCHEMA' })
    expect(happened).toEqual(['built 1', 'closed 1'])
  })
})
