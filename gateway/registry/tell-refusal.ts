import type { CompositionError } from '../composition/compose-for-client.ts'
import { concernsPlugin, locateFault, type PluginSource } from './locate-fault.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { readServedSource } from './read-release.ts'

/** `client`: whose graph it is a fault of; null: of what was brought, by itself. */
export type ClientFault = CompositionError & { client: string | null }

/** Why a change is refused. `line` counts from 1, in that `file` of the client's plugin; without one, in the SDL of `subgraph`. */
export type Refusal = Omit<CompositionError, 'file' | 'line'> & {
  client: string | null
  file: string | null
  line: number | null
}

/** A schema may break a thousand clients: so many faults say what is wrong. */
export const mostTold = 20

/** What the caller is told of the faults for which a change is refused: the first, each with its place, and how many there are. */
export async function tellRefusal(db: PlatformDatabase, faults: readonly ClientFault[]): Promise<Refusal[]> {
  const told = faults.slice(0, mostTold)
  const sources = await readSources(db, told)
  const refusals = told.map((fault) => refusalOf(fault, sources.get(fault.client)))
  return faults.length > told.length ? [...refusals, moreOf(faults)] : refusals
}

async function readSources(
  db: PlatformDatabase,
  faults: readonly ClientFault[],
): Promise<ReadonlyMap<ClientFault['client'], PluginSource>> {
  const clients = new Set(faults.filter(concernsPlugin).flatMap(({ client }) => client ?? []))
  const sources = new Map<ClientFault['client'], PluginSource>()
  for (const client of clients) {
    const source = await readServedSource(db, client)
    if (source) sources.set(client, source)
  }
  return sources
}

function refusalOf(fault: ClientFault, source: PluginSource | undefined): Refusal {
  const { code, subgraph, client } = fault
  const located = source && concernsPlugin(fault) ? locateFault(fault, source) : null
  const { file, line } = located?.file ? located : { file: null, line: fault.line ?? null }
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`}: `
  const message = client === null ? fault.message : `[client ${client}] ${place}${fault.message}`
  return { code, message, subgraph, client, file, line }
}

function moreOf(faults: readonly ClientFault[]): Refusal {
  const clients = new Set(faults.flatMap(({ client }) => client ?? [])).size
  const message = `These are the first ${mostTold} of ${faults.length} faults, of ${clients} clients.`
  return { code: 'MORE_FAULTS', message, subgraph: null, client: null, file: null, line: null }
}
