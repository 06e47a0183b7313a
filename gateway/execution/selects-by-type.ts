import { type FragmentDefinitionNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'

/**
 * Whether the answer of a field of an abstract type depends on which object type is behind it: `__typename` is asked
 * for, or something `... on` another type. Where it does not, the planner does not find out.
 */
export function selectsByType(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  abstractType: string,
): boolean {
  return fieldNodes.some(
    ({ selectionSet }) => selectionSet && dependsOnType(selectionSet, { fragments, abstractType }),
  )
}

type Within = { fragments: Readonly<Record<string, FragmentDefinitionNode>>; abstractType: string }

function dependsOnType({ selections }: SelectionSetNode, within: Within): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === '__typename'
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : within.fragments[selection.name.value]
    if (!fragment) return false
    const condition = fragment.typeCondition?.name.value ?? within.abstractType
    return condition !== within.abstractType || dependsOnType(fragment.selectionSet, within)
  })
}
