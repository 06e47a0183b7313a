import { GraphQLError } from 'graphql'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'
import { type PluginUse, usesOf } from '../composition/plugin-uses.ts'
import type { PluginPart } from '../supergraph/client-graph.ts'
import type { AskedCoordinate } from './asked-coordinates.ts'
import { type Loss, wouldBeGone } from './loss-between.ts'

/** So many users of one thing are named. */
const mostNamed = 5

/** `file`: of the plugin's, where its line is one of that and not of the SDL. */
type Use = PluginUse & { file?: string }

/**
 * What of a loss the client's plugin uses. Composition speaks of some of that: not of a type that the plugin extends,
 * which would become its own, of a rule, which would guard nothing, or of what its code asks.
 *
 * @param asked of what is lost, what its release is known to ask
 */
export function lostByPlugin(
  plugin: PluginPart,
  { gone, changed }: Loss,
  asked: readonly AskedCoordinate[],
): CompositionError[] {
  const uses = [
    ...(gone.size === 0 ? [] : usesIn(plugin)).filter(({ of }) => gone.has(of)),
    ...asked.filter(({ coordinate }) => changed.has(coordinate)).map(useOf),
  ]
  const what = (name: string) => (gone.has(name) ? wouldBeGone : (changed.get(name) ?? wouldBeGone))
  return [...Map.groupBy(uses, ({ of }) => of)].map(([name, users]) => lossOf(name, what(name), users))
}

function usesIn({ sdl, rules }: PluginPart): Use[] {
  const ofRules = rules.map((rule) => ({ of: rule, by: 'a rule', line: null }))
  return [...usesInSdl(sdl), ...ofRules]
}

/** What does not parse is a fault of composition. */
function usesInSdl(sdl: string): PluginUse[] {
  try {
    return usesOf(sdl)
  } catch (error) {
    if (error instanceof GraphQLError) return []
    throw error
  }
}

function useOf({ coordinate, operation, file, line }: AskedCoordinate): Use {
  const name = operation === null ? 'an operation' : `"${operation}"`
  return { of: coordinate, by: `${name} (${file}:${line})`, file, line }
}

function lossOf(name: string, what: string, uses: readonly Use[]): CompositionError {
  const users = [...new Set(uses.map(({ by }) => by))]
  const more = users.length > mostNamed ? ` and ${users.length - mostNamed} more` : ''
  const { file, line } = uses.find((use) => use.line !== null) ?? {}
  return {
    code: what === wouldBeGone ? codeOfLoss(name) : 'PLUGIN_OPERATION_BROKEN',
    message: `"${name}" ${what}: the plugin uses it for ${users.slice(0, mostNamed).join(', ')}${more}.`,
    subgraph: pluginSubgraph,
    ...(file && { file }),
    ...(line && { line }),
  }
}

function codeOfLoss(coordinate: string): string {
  if (coordinate.endsWith(':)')) return 'PLUGIN_LOSES_ARGUMENT'
  return coordinate.includes('.') ? 'PLUGIN_LOSES_FIELD' : 'PLUGIN_LOSES_TYPE'
}
