import { createHash } from 'node:crypto'
import { type BuiltGeneration, type GenerationOptions, openGeneration } from './generation.ts'
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

/** @throws when the text is not a supergraph, or names a subgraph that cannot be reached by its URL */
export async function buildSupergraphGeneration(
  supergraph: ComposedSupergraph,
  number: number,
  { connect, ...options }: { connect: SupergraphConnect } & GenerationOptions,
): Promise<BuiltGeneration> {
  const { name: client, sdl: supergraphSdl } = supergraph
  const { subgraphs, close } = connect(readJoinGraphs(supergraphSdl))
  const hash = supergraphHash(supergraph)
  try {
    const generation = await openGeneration(
      { client, number, hash, supergraphSdl, subgraphs, rules: null, close },
      options,
    )
    return { ok: true, generation }
  } catch (error) {
    await close()
    throw error
  }
}
