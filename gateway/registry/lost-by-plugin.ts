import { type DocumentNode, GraphQLError, Kind, parse, visit } from 'graphql'
import type { CompositionError, SubgraphSource } from '../composition/compose-for-client.ts'
import type { ClientGraph } from '../supergraph/client-graph.ts'

/**
 * What the client's plugin uses of the modules before a change, and would not find after it. Composition speaks of much
 * of that, not of all: a type that the plugin extends would become its own, and a rule would guard nothing.
 */
export function lostByPlugin(before: ClientGraph | null, after: ClientGraph | null): CompositionError[] {
  const { plugin } = after ?? {}
  if (!plugin) return []
  const had = readNames(before?.modules ?? [])
  const has = readNames(after?.modules ?? [])
  const lost = (name: string) => had.has(name) && !has.has(name)
  const types = [...namesUsed(plugin.sdl)].filter(lost)
  return [
    ...types.map((name) =>
      lossOf('PLUGIN_LOSES_TYPE', `The plugin uses the type "${name}", which would be gone.`),
    ),
    ...plugin.rules
      .filter(lost)
      .map((field) =>
        lossOf('PLUGIN_LOSES_FIELD', `The plugin has a rule for "${field}", which would be gone.`),
      ),
  ]
}

/** Types and their fields: `User`, `Mutation.createRecord`. */
function readNames(modules: readonly SubgraphSource[]): Set<string> {
  const names = new Set<string>()
  for (const { sdl } of modules) {
    for (const node of parseOrNothing(sdl).definitions) {
      if (!('name' in node) || !node.name) continue
      names.add(node.name.value)
      if (!('fields' in node)) continue
      for (const field of node.fields ?? []) names.add(`${node.name.value}.${field.name.value}`)
    }
  }
  return names
}

function namesUsed(sdl: string): Set<string> {
  const names = new Set<string>()
  const note = ({ name }: { name: { value: string } }) => {
    names.add(name.value)
  }
  visit(parseOrNothing(sdl), {
    NamedType: note,
    ObjectTypeDefinition: note,
    ObjectTypeExtension: note,
    InterfaceTypeExtension: note,
  })
  // Root types come and go with their fields.
  for (const root of ['Query', 'Mutation', 'Subscription']) names.delete(root)
  return names
}

/** What does not parse is a fault of composition. */
function parseOrNothing(sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { kind: Kind.DOCUMENT, definitions: [] }
  }
}

function lossOf(code: string, message: string): CompositionError {
  return { code, message, subgraph: 'plugin' }
}
