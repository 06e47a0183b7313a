import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** One client's document with its `@skip` and `@include` decided. */
export type Selecting = {
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Of the variables that `@skip` and `@include` name. */
  conditions: Readonly<Record<string, boolean>>
}

export function fragmentsOf({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]))
}

/** The fields of an object of `type` by response key, in order, as the specification collects them (§6.3.2). */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  selecting: Selecting,
): Map<string, FieldNode[]> {
  const { schema, fragments } = selecting
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  const fits = (condition: string | undefined) => {
    const conditionType = condition === undefined ? type : schema.getType(condition)
    return conditionType === type || (isAbstractType(conditionType) && schema.isSubType(conditionType, type))
  }
  const collect = (selection: SelectionNode): void => {
    if (!isIncluded(selection, selecting)) return
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      fields.set(key, [...(fields.get(key) ?? []), selection])
      return
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : spread(selection.name.value)
    if (fragment && fits(fragment.typeCondition?.name.value))
      fragment.selectionSet.selections.forEach(collect)
  }
  /** Once is enough. */
  const spread = (name: string) => {
    const fragment = visited.has(name) ? undefined : fragments.get(name)
    visited.add(name)
    return fragment
  }
  for (const { selections } of selectionSets) selections.forEach(collect)
  return fields
}

function isIncluded({ directives = [] }: SelectionNode, { conditions }: Selecting): boolean {
  const holds = (directive: DirectiveNode) => {
    const value = directive.arguments?.[0]?.value
    if (value?.kind === Kind.BOOLEAN) return value.value
    return value?.kind === Kind.VARIABLE && conditions[value.name.value] === true
  }
  return directives.every((directive) => {
    if (directive.name.value === 'skip') return !holds(directive)
    return directive.name.value !== 'include' || holds(directive)
  })
}
