import { setImmediate as turn } from 'node:timers/promises'
import type { Compose } from '../composition/compose.ts'
import type { CompositionError, SubgraphSource } from '../composition/compose-for-client.ts'
import { type ClientGraph, type PluginPart, subgraphSources } from '../supergraph/client-graph.ts'
import type { ReadAsked } from './asked-coordinates.ts'
import { type Loss, lossBetween } from './loss-between.ts'
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

export type JudgedWith = { compose: Compose; readAsked: ReadAsked }

/**
 * Why a change cannot be made: for each client whose graph would not compose any more, or whose plugin would lose what
 * it uses, the exact reasons; what is lost comes first.
 */
export async function judgeClients(
  { compose, readAsked }: JudgedWith,
  before: Graphs,
  { after, clients, alone = null, baselines = [before] }: Verdict,
): Promise<ClientFault[]> {
  const composition = alone && (await compose([alone]))
  const faultsAlone = composition && !composition.ok ? composition.errors : []
  const losses = await findLosses(readAsked, clients, { before, after })
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

async function findLosses(
  readAsked: ReadAsked,
  clients: readonly string[],
  graphs: { before: Graphs; after: Graphs },
): Promise<ReadonlyMap<string, CompositionError[]>> {
  const losing: Losing[] = []
  for await (const client of inTurns(clients)) losing.push(...losingIn(client, graphs))
  const losses = new Map<string, CompositionError[]>()
  if (losing.length === 0) return losses
  const releases = losing.map(({ client, plugin: { number } }) => ({ client, number }))
  const coordinates = new Set(losing.map(({ loss }) => loss.changed))
  const asked = await readAsked(
    releases,
    [...coordinates].flatMap((changed) => [...changed.keys()]),
  )
  for await (const { client, plugin, loss } of inTurns(losing))
    losses.set(client, lostByPlugin(plugin, loss, asked.get(client) ?? []))
  return losses
}

/** A client whose plugin may lose something. */
type Losing = { client: string; plugin: PluginPart; loss: Loss }

function losingIn(client: string, { before, after }: { before: Graphs; after: Graphs }): Losing[] {
  const [had, has] = [readClientGraph(before, client), readClientGraph(after, client)]
  const loss = had && has?.plugin ? lossBetween(had, has) : null
  return loss && has?.plugin ? [{ client, plugin: has.plugin, loss }] : []
}

async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const [index, item] of items.entries()) {
    if (index % lookedAtAtOnce === lookedAtAtOnce - 1) await turn()
    yield item
  }
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
