import { createHash } from 'node:crypto'
import { pluginSubgraph, type SubgraphSource } from '../composition/compose-for-client.ts'

/** What one client's supergraph is made of. */
export type ClientGraph = {
  client: string
  /** Modules that are switched on and have registered, in alphabetical order. */
  modules: readonly SubgraphSource[]
  /** The plugin release served; `digest` names its build on the lambda host. */
  plugin: { digest: string; sdl: string } | null
}

export function subgraphSources({ modules, plugin }: ClientGraph): SubgraphSource[] {
  return plugin ? [...modules, { name: pluginSubgraph, sdl: plugin.sdl }] : [...modules]
}

/** Changes exactly when the supergraph, or the plugin code behind it, does. Hexadecimal, the same on every replica. */
export function clientGraphHash(graph: ClientGraph): string {
  const parts = [graph.modules.map(({ name, sdl }) => [name, sdl]), graph.plugin?.digest, graph.plugin?.sdl]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
