import {
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/**
 * Whether the answer of a field of an abstract type depends on which object type is behind it: `__typename` is asked
 * for, or something `... on` another type. Where it does not, the planner does not find out.
 */
export function selectsByType(
  { fieldNodes, fragments, variableValues }: GraphQLResolveInfo,
  abstractType: string,
): boolean {
  const within = { fragments, variableValues, abstractType }
  return fieldNodes.some(({ selectionSet }) => selectionSet && dependsOnType(selectionSet, within))
}

type Within = Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'> & { abstractType: string }

function dependsOnType(selectionSet: SelectionSetNode, within: Within, isOnOther = false): boolean {
  return selectionSet.selections.some((selection) => {
    if (!isIncluded(selection, within)) return false
    if (selection.kind === Kind.FIELD) return isOnOther || selection.name.value === '__typename'
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : within.fragments[selection.name.value]
    if (!fragment) return false
    const condition = fragment.typeCondition?.name.value ?? within.abstractType
    return dependsOnType(fragment.selectionSet, within, isOnOther || condition !== within.abstractType)
  })
}

function isIncluded(selection: SelectionNode, { variableValues }: Within): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)
  return skip?.if !== true && include?.if !== false
}
