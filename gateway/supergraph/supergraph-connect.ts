import type { Close } from '../../foundation/closing.ts'
import { createHttpSubgraph } from '../transports/http-subgraph.ts'
import type { Subgraph } from '../transports/subgraph-fetch.ts'
import type { JoinGraph } from './join-graphs.ts'

/** Opens the way to a subgraph; what it returns is closed when no generation needs it any more. */
export type BuildService = (graph: JoinGraph) => Subgraph & { close: Close }

export type SupergraphConnect = (graphs: readonly JoinGraph[]) => {
  subgraphs: ReadonlyMap<string, Subgraph>
  close: Close
}

export type SupergraphConnectOptions = {
  /** How subgraphs are reached, where it is not by HTTP at the URL that the supergraph names. */
  buildService?: BuildService | undefined
  /** Equal queries to a subgraph, under way at the same moment, are asked once. @default false */
  deduplicates?: boolean
}

/** For one call of a subgraph, in milliseconds. */
const timeoutMs = 10_000

/**
 * The ways to the subgraphs of a supergraph's generations. One that stays where it was is handed on to the next
 * generation, with its connections and its subscriptions.
 */
export function createSupergraphConnect(options: SupergraphConnectOptions = {}): SupergraphConnect {
  const { buildService, deduplicates = false } = options
  const build = buildService ?? ((graph) => openHttpSubgraph(graph, deduplicates))
  const open = new Map<string, { subgraph: Subgraph & { close: Close }; holders: number }>()
  const hold = (graph: JoinGraph) => {
    const key = JSON.stringify([graph.name, graph.url])
    const held = open.get(key) ?? { subgraph: build(graph), holders: 0 }
    open.set(key, held)
    held.holders += 1
    const release = async () => {
      held.holders -= 1
      if (held.holders > 0) return
      open.delete(key)
      await held.subgraph.close()
    }
    return { name: graph.name, subgraph: held.subgraph, release }
  }
  return (graphs) => {
    if (!buildService) for (const graph of graphs) requireAddress(graph)
    const held = graphs.map(hold)
    return {
      subgraphs: new Map(held.map(({ name, subgraph }) => [name, subgraph])),
      async close() {
        await Promise.all(held.splice(0).map(({ release }) => release()))
      },
    }
  }
}

function requireAddress({ name, url }: JoinGraph): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return
  throw new Error(`The subgraph "${name}" has no http(s) URL in the supergraph, but "${url}".`)
}

function openHttpSubgraph({ name, url }: JoinGraph, deduplicates: boolean): Subgraph & { close: Close } {
  return createHttpSubgraph({ audience: name, endpoint: () => url, sign: null, timeoutMs, deduplicates })
}
