import { createHash } from 'node:crypto'
import { pluginSubgraph, type SubgraphSource } from '../composition/compose-for-client.ts'
import { textHash } from '../composition/text-hash.ts'

/** What one client's supergraph is made of. */
export type ClientGraph = {
  client: string
  /** Modules that are switched on and have registered, in alphabetical order. */
  modules: readonly ModulePart[]
  /** The plugin release served. */
  plugin: PluginPart | null
  /** Null: all of it. Otherwise what is left for a partner whose key has these tags, in alphabetical order. */
  contract: { tags: readonly string[] } | null
}

/** `version`: as the module registered with it. */
export type ModulePart = SubgraphSource & { version?: string }

export type PluginPart = {
  /** The release. */
  number: number
  /** Names its build on the lambda host. */
  digest: string
  sdl: string
  /** Coordinates of the root fields it has a rule for: `Mutation.createRecord`. */
  rules: readonly string[]
}

export function subgraphSources({
  modules,
  plugin,
}: Pick<ClientGraph, 'modules' | 'plugin'>): SubgraphSource[] {
  return plugin ? [...modules, { name: pluginSubgraph, sdl: plugin.sdl }] : [...modules]
}

/** Changes exactly when the supergraph, or the plugin code behind it, does. Hexadecimal, the same on every replica. */
export function clientGraphHash({ modules, plugin, contract }: ClientGraph): string {
  const parts = [
    modules.map(({ name, sdl }) => [name, textHash(sdl)]),
    plugin && [plugin.number, plugin.digest, textHash(plugin.sdl), plugin.rules],
    contract?.tags ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
