import type { Close } from '../../foundation/closing.ts'
import type { Compose } from '../composition/compose.ts'
import { pluginSubgraph } from '../composition/compose-for-client.ts'
import type { RunRules } from '../transports/run-rules.ts'
import type { Subgraph } from '../transports/subgraph-fetch.ts'
import { type ClientGraph, clientGraphHash, subgraphSources } from './client-graph.ts'
import {
  type BuiltGeneration,
  type GenerationOptions,
  type GenerationOrder,
  openGeneration,
} from './generation.ts'

/** How a generation reaches its subgraphs. */
export type Connect = {
  /** Shared by all clients; closed by its owner. */
  module(name: string): Subgraph
  /** One build of one client's plugin; closed with the generation. */
  plugin(client: string, digest: string): ConnectedPlugin
}

export type ConnectedPlugin = Subgraph & {
  /** Asks its rules. @default none of its fields has one */
  rules?: RunRules
  close: Close
}

/** Composes the client's supergraph, and makes of it all that operations need. */
export async function buildGeneration(
  graph: ClientGraph,
  order: GenerationOrder,
  { connect, compose, ...options }: { connect: Connect; compose: Compose } & GenerationOptions,
): Promise<BuiltGeneration> {
  const composition = await compose(subgraphSources(graph), { tags: graph.contract?.tags, lane: order.lane })
  if (!composition.ok) return composition
  const { supergraphSdl } = composition
  const { client } = graph
  const plugin = graph.plugin && connect.plugin(client, graph.plugin.digest)
  const subgraphs = new Map<string, Subgraph>(graph.modules.map(({ name }) => [name, connect.module(name)]))
  if (plugin) subgraphs.set(pluginSubgraph, plugin)
  const close = async () => plugin?.close()
  const hash = clientGraphHash(graph)
  const rules = plugin?.rules ? { coordinates: new Set(graph.plugin?.rules), run: plugin.rules } : null
  const parts = { client, hash, supergraphSdl, origin: 'ours' as const, subgraphs, rules, close }
  return { ok: true, generation: await openGeneration(parts, order, options) }
}
