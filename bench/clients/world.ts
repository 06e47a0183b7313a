import { readFile } from 'node:fs/promises'
import { silentLog } from '../../foundation/log.ts'
import type { PlannerPool } from '../../gateway/planning/planner-pool.ts'
import { buildGeneration } from '../../gateway/supergraph/build-generation.ts'
import { type ClientGraph, clientGraphHash } from '../../gateway/supergraph/client-graph.ts'
import { createGenerations, type Generations } from '../../gateway/supergraph/generations.ts'
import { summarize } from '../../gateway/supergraph/graph-change.ts'
import type { Subgraph } from '../../gateway/transports/subgraph-fetch.ts'

/** Whether each client has a plugin of its own, with a schema unlike all others, or none has any. */
export type Plugins = 'own' | 'none'

/** Clients of the real modules, on real generations; nothing is ever fetched. */
export type World = {
  generations: Generations
  clients: readonly string[]
  /** A module of all clients comes with a new schema. */
  changeModule(version: string): void
  release(client: string, number: number): void
}

const names = ['analytics', 'data', 'notifications', 'users']

export type WorldOptions = {
  plugins: Plugins
  /** Generations at once; the others are at rest. */
  most: number
  planners: PlannerPool
}

export async function createWorld(count: number, { plugins, most, planners }: WorldOptions): Promise<World> {
  const sdls = new Map(await Promise.all(names.map(async (name) => [name, await readSdl(name)] as const)))
  let version = '1.0.0'
  const releases = new Map<string, number>()
  const clients = Array.from({ length: count }, (_, n) => `client-${n}`)
  const modules = () => names.map((name) => ({ name, version, sdl: sdls.get(name) ?? '' }))
  let current = modules()
  const graphOf = (client: string): ClientGraph => ({
    client,
    modules: current,
    plugin: plugins === 'own' ? pluginOf(client, releases.get(client) ?? 1) : null,
    contract: null,
  })
  const connect = { module: () => silent, plugin: () => ({ ...silent, close: async () => undefined }) }
  const generations = createGenerations({
    graphOf,
    hashOf: clientGraphHash,
    summarize,
    build: (graph, order) =>
      buildGeneration(graph, order, { connect, compose: planners.compose, planners, log: silentLog }),
    bounds: { generations: most, memoryMb: 1_000_000 },
    log: silentLog,
  })
  return {
    generations,
    clients,
    changeModule(next) {
      version = next
      sdls.set(
        'data',
        `${sdls.get('data')}\nextend type Query { sinceVersion${next.replaceAll('.', '_')}: Int }`,
      )
      current = modules()
    },
    release: (client, number) => void releases.set(client, number),
  }
}

async function readSdl(name: string): Promise<string> {
  const read = (file: string) => readFile(new URL(`../../schema/${file}.graphql`, import.meta.url), 'utf8')
  return `${await read('prelude')}\n${await read(name)}`
}

function pluginOf(client: string, number: number): NonNullable<ClientGraph['plugin']> {
  const own = client.replace('-', '')
  const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    enum LoyaltyTier { BRONZE SILVER GOLD }
    type User @key(fields: "id") { id: ID! loyaltyTier: LoyaltyTier ${own}: Int }
    type Query { bestCustomers(first: Int = 10): [User!] release${number}: Int }`
  return { number, digest: `${client}-${number}`, sdl, rules: [] }
}

const silent: Subgraph = {
  fetch: async () => ({ data: {} }),
  async *subscribe() {
    // No events.
  },
}
