import { createHash } from 'node:crypto'
import {
  type BuiltGeneration,
  type GenerationOptions,
  type GenerationOrder,
  openGeneration,
} from './generation.ts'
import type { GraphSummary } from './graph-change.ts'
import { readJoinGraphs } from './join-graphs.ts'
import type { SupergraphConnect } from './supergraph-connect.ts'

/** A supergraph that was composed elsewhere. */
export type ComposedSupergraph = {
  /** What it goes by in the log. */
  name: string
  sdl: string
}

export function supergraphHash({ sdl }: ComposedSupergraph): string {
  return createHash('sha256').update(sdl).digest('hex')
}

export function summarizeSupergraph(supergraph: ComposedSupergraph): GraphSummary {
  const hash = supergraphHash(supergraph)
  return { modules: new Map([[supergraph.name, { version: null, hash }]]), release: null }
}

/** @throws when the text is not a supergraph, or names a subgraph that cannot be reached by its URL */
export async function buildSupergraphGeneration(
  supergraph: ComposedSupergraph,
  order: GenerationOrder,
  { connect, ...options }: { connect: SupergraphConnect } & GenerationOptions,
): Promise<BuiltGeneration> {
  const { name: client, sdl: supergraphSdl } = supergraph
  const { subgraphs, close } = connect(readJoinGraphs(supergraphSdl))
  const hash = supergraphHash(supergraph)
  const parts = { client, hash, supergraphSdl, origin: 'foreign' as const, subgraphs, rules: null, close }
  return { ok: true, generation: await openGeneration(parts, order, options) }
}
