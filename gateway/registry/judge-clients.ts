import { setImmediate as turn } from 'node:timers/promises'
import type { Compose } from '../composition/compose.ts'
import type { CompositionError, SubgraphSource } from '../composition/compose-for-client.ts'
import { type ClientGraph, subgraphSources } from '../supergraph/client-graph.ts'
import { lostByPlugin } from './lost-by-plugin.ts'
import { readClientGraph } from './read-client-graph.ts'
import type { RegistryState } from './registry-state.ts'
import type { ClientFault } from './tell-refusal.ts'

export type Graphs = Pick<RegistryState, 'clients' | 'modules'>

/** What a change makes of the registry, as far as graphs are concerned. */
export type Verdict = {
  after: Graphs
  /** Whose graphs it changes. */
  clients: readonly string[]
  /** Must compose by itself, or lack only others. @default null: nothing */
  alone?: SubgraphSource | null
  /** A client that composes in none of these was broken by others. @default the registry as it is */
  baselines?: readonly Graphs[]
}

/**
 * Why a change cannot be made: for each client whose graph would not compose any more, or whose plugin would lose what
 * it uses, the exact reasons; what is lost comes first.
 */
export async function judgeClients(
  compose: Compose,
  before: Graphs,
  { after, clients, alone = null, baselines = [before] }: Verdict,
): Promise<ClientFault[]> {
  const composition = alone && (await compose([alone]))
  const faultsAlone = composition && !composition.ok ? composition.errors : []
  const losses = await lossesOf(clients, before, after)
  const faults = await Promise.all(
    clients.map(async (slug) => {
      const graph = readClientGraph(after, slug)
      if (!graph) return []
      const lost = losses.get(slug) ?? []
      const found = await faultsOf(compose, graph)
      const blamed = found.length > 0 ? found.filter(await blameOf(compose, slug, baselines)) : []
      return [...lost, ...blamed].map((fault) => ({ ...fault, client: slug }))
    }),
  )
  const ofNobody = faultsAlone
    .filter((fault) => !isIncomplete(fault))
    .map((fault) => ({ ...fault, client: null }))
  return [...ofNobody, ...faults.flat()]
}

/** Plugins looked at in one turn of the event loop. */
const lookedAtAtOnce = 100

async function lossesOf(
  clients: readonly string[],
  before: Graphs,
  after: Graphs,
): Promise<ReadonlyMap<string, CompositionError[]>> {
  const losses = new Map<string, CompositionError[]>()
  for (const [index, slug] of clients.entries()) {
    if (index % lookedAtAtOnce === lookedAtAtOnce - 1) await turn()
    losses.set(slug, lostByPlugin(readClientGraph(before, slug), readClientGraph(after, slug)))
  }
  return losses
}

/** Which faults of a client are the change's own: what others have broken is not its fault. */
async function blameOf(
  compose: Compose,
  slug: string,
  baselines: readonly Graphs[],
): Promise<(fault: CompositionError) => boolean> {
  const others = await Promise.all(
    baselines.map((baseline) => faultsOf(compose, readClientGraph(baseline, slug))),
  )
  const wasWhole = others.some((faults) => faults.length === 0)
  const wasSound = others.some((faults) => faults.every(isIncomplete))
  return (fault) => (isIncomplete(fault) ? wasWhole : wasSound)
}

async function faultsOf(compose: Compose, graph: ClientGraph | null): Promise<CompositionError[]> {
  if (!graph) return [{ code: noQueries, message: 'There is nothing to compose.', subgraph: null }]
  const composition = await compose(subgraphSources(graph))
  return composition.ok ? [] : composition.errors
}

const noQueries = 'NO_QUERIES'

/** A graph without queries is not wrong, only not complete yet: the module that has some may come later. */
function isIncomplete({ code }: CompositionError): boolean {
  return code === noQueries
}
