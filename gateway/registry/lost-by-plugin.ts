import { GraphQLError } from 'graphql'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'
import { coreOf } from '../composition/core-of.ts'
import type { CoreTypes } from '../composition/core-types.ts'
import { type PluginUse, usesOf } from '../composition/plugin-uses.ts'
import type { ClientGraph, PluginPart } from '../supergraph/client-graph.ts'

/** So many users of one thing are named. */
const mostNamed = 5

/**
 * What the client's plugin uses of the modules before a change, and would not find after it. Composition speaks of much
 * of that, not of all: a type that the plugin extends would become its own, and a rule would guard nothing.
 */
export function lostByPlugin(before: ClientGraph | null, after: ClientGraph | null): CompositionError[] {
  if (!before || !after?.plugin) return []
  const gone = goneFrom(readCore(before), readCore(after))
  if (gone.size === 0) return []
  const uses = usesIn(after.plugin).filter(({ of }) => gone.has(of))
  return [...Map.groupBy(uses, ({ of }) => of)].map(([name, users]) => lossOf(name, users))
}

/** Types, and fields of the types that stay: `User`, `Mutation.createRecord`. Null: what is there is not known. */
function goneFrom(had: CoreTypes | null, has: CoreTypes | null): ReadonlySet<string> {
  const gone = new Set<string>()
  if (!had || !has || had === has) return gone
  for (const [type, { fields }] of had) {
    const left = has.get(type)
    // Root types come and go with their fields.
    if (!left && !rootTypes.has(type)) gone.add(type)
    else for (const field of fields.keys()) if (!left?.fields.has(field)) gone.add(`${type}.${field}`)
  }
  return gone
}

const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])

/** What does not parse is a fault of composition. */
function readCore({ modules }: ClientGraph): CoreTypes | null {
  return unlessNoSdl(() => coreOf(modules))
}

function usesIn({ sdl, rules }: PluginPart): PluginUse[] {
  const ofRules = rules.map((rule) => ({ of: rule, by: 'a rule', line: null }))
  return [...(unlessNoSdl(() => usesOf(sdl)) ?? []), ...ofRules]
}

function unlessNoSdl<Result>(read: () => Result): Result | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof GraphQLError) return null
    throw error
  }
}

function lossOf(name: string, uses: readonly PluginUse[]): CompositionError {
  const users = [...new Set(uses.map(({ by }) => by))]
  const more = users.length > mostNamed ? ` and ${users.length - mostNamed} more` : ''
  const line = uses.find((use) => use.line !== null)?.line
  return {
    code: name.includes('.') ? 'PLUGIN_LOSES_FIELD' : 'PLUGIN_LOSES_TYPE',
    message: `"${name}" would be gone: the plugin uses it for ${users.slice(0, mostNamed).join(', ')}${more}.`,
    subgraph: pluginSubgraph,
    ...(line && { line }),
  }
}
