import {
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql'
import type { FetchNode, RequiredSelection } from './query-plan.ts'
import type { RequiredVariants } from './required-variants.ts'

/**
 * An entity has one place for a field in its representation. Where fields of one fetch require it with different
 * arguments, each gets a fetch with its own representations.
 *
 * @param node as the planner made it, variants under their own names
 */
export function splitFetch(node: FetchNode, variants: RequiredVariants): FetchNode[] {
  const operation = entityOperation(node)
  if (!operation) return [node]
  const { entities, definition } = operation
  const groups = groupFields(entities.selectionSet, variants)
  if (groups.length < 2) return [node]
  return groups.map((group) => {
    const selectionSet = onlyFields(entities.selectionSet, group.fields)
    const narrowed: OperationDefinitionNode = {
      ...definition,
      selectionSet: { ...definition.selectionSet, selections: [{ ...entities, selectionSet }] },
    }
    return withOperation(node, narrowed, { variants, kept: group.required })
  })
}

type Group = { fields: Set<FieldNode>; required: Set<string> }

/** Each field joins the first group whose requirements it does not contradict. */
function groupFields(selectionSet: SelectionSetNode, variants: RequiredVariants): Group[] {
  const groups: Group[] = []
  for (const { field, typeName } of fieldsOf(selectionSet, undefined)) {
    const name = variants.get(field.name.value)?.field ?? field.name.value
    const required = typeName ? variants.requiredBy(typeName, name) : new Set<string>()
    const group = groups.find((candidate) => !contradicts(candidate.required, required, variants))
    if (!group) {
      groups.push({ fields: new Set([field]), required: new Set(required) })
      continue
    }
    group.fields.add(field)
    for (const variant of required) group.required.add(variant)
  }
  return groups
}

function contradicts(
  some: ReadonlySet<string>,
  others: ReadonlySet<string>,
  variants: RequiredVariants,
): boolean {
  return [...others].some((other) => {
    const field = variants.get(other)?.field
    return [...some].some((one) => one !== other && variants.get(one)?.field === field)
  })
}

/** The fields of the entities themselves. */
export function fieldsOf(
  { selections }: SelectionSetNode,
  typeName: string | undefined,
): { field: FieldNode; typeName: string | undefined }[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [{ field: selection, typeName }]
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    return fieldsOf(selection.selectionSet, selection.typeCondition?.name.value ?? typeName)
  })
}

export function onlyFields(selectionSet: SelectionSetNode, fields: ReadonlySet<FieldNode>): SelectionSetNode {
  const selections = selectionSet.selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD)
      return fields.has(selection) || isTypename(selection) ? [selection] : []
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection]
    const inner = onlyFields(selection.selectionSet, fields)
    return inner.selections.every(isTypename) ? [] : [{ ...selection, selectionSet: inner }]
  })
  return { ...selectionSet, selections }
}

function isTypename(selection: SelectionNode): boolean {
  return selection.kind === Kind.FIELD && selection.name.value === '__typename'
}

type Narrowing = { variants: RequiredVariants; kept: ReadonlySet<string> }

function withOperation(
  node: FetchNode,
  definition: OperationDefinitionNode,
  narrowing: Narrowing,
): FetchNode {
  const used = variablesIn(definition.selectionSet)
  const variableDefinitions = definition.variableDefinitions?.filter(({ variable }) =>
    used.has(variable.name.value),
  )
  return {
    ...node,
    operation: stripIgnoredCharacters(print({ ...definition, variableDefinitions })),
    variableUsages: node.variableUsages?.filter((name) => used.has(name)) ?? [],
    requires: narrowRequires(node.requires ?? [], narrowing),
  }
}

export function variablesIn(selectionSet: SelectionSetNode): Set<string> {
  const names = new Set<string>()
  visit(selectionSet, {
    Variable({ name }) {
      names.add(name.value)
    },
  })
  return names
}

function narrowRequires(
  selections: readonly RequiredSelection[],
  { variants, kept }: Narrowing,
): RequiredSelection[] {
  return selections.flatMap((selection): RequiredSelection[] => {
    const isOfOthers = selection.kind === 'Field' && variants.get(selection.name) && !kept.has(selection.name)
    if (isOfOthers) return []
    const { selections: inner } = selection
    return [inner ? { ...selection, selections: narrowRequires(inner, { variants, kept }) } : selection]
  })
}

export function entityOperation(
  node: FetchNode,
): { definition: OperationDefinitionNode; entities: FieldNode & { selectionSet: SelectionSetNode } } | null {
  if (!node.requires) return null
  const [definition] = parse(node.operation, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return null
  const [entities] = definition.selectionSet.selections
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) return null
  return { definition, entities: { ...entities, selectionSet: entities.selectionSet } }
}
