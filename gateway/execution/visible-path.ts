import { type ASTNode, type DefinitionNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql'
import { fetchedKey } from '../planning/private-aliases.ts'

type Place = { path: (string | number)[]; nodes: readonly ASTNode[] }

/**
 * As much of a path below a field as the client selected, in its own aliases: subgraphs are also asked for keys, and for what other
 * fields require, and a client cannot make sense of a path it did not ask for.
 */
export function visiblePath(
  below: readonly (string | number)[],
  nodes: readonly ASTNode[],
  definitions: readonly DefinitionNode[],
): Place {
  let place: Place = { path: [], nodes }
  let indexes: number[] = []
  for (const step of below) {
    if (typeof step === 'number') {
      indexes = [...indexes, step]
      continue
    }
    const fields = place.nodes.flatMap((node) =>
      node.kind === Kind.FIELD ? fieldsNamed(step, node.selectionSet, definitions) : [],
    )
    const [field] = fields
    if (!field) return place
    const responseKey = field.alias?.value ?? field.name.value
    place = { path: [...place.path, ...indexes, responseKey], nodes: fields }
    indexes = []
  }
  return { ...place, path: [...place.path, ...indexes] }
}

function fieldsNamed(
  key: string,
  selectionSet: SelectionSetNode | undefined,
  definitions: readonly DefinitionNode[],
): FieldNode[] {
  return (selectionSet?.selections ?? []).flatMap((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return fetchedKey(selection) === key ? [selection] : []
      case Kind.INLINE_FRAGMENT:
        return fieldsNamed(key, selection.selectionSet, definitions)
      case Kind.FRAGMENT_SPREAD:
        return definitions.flatMap((definition) =>
          definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value
            ? fieldsNamed(key, definition.selectionSet, definitions)
            : [],
        )
      default:
        return selection satisfies never
    }
  })
}
