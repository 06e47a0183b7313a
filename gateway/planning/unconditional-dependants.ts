import {
  type DirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { fragmentNamed } from './root-arguments.ts'

/** `Type.field` of every field that requires others, in whichever subgraph. */
export type Dependants = ReadonlySet<string>

export function dependantsOf({ definitions }: DocumentNode): Dependants {
  const found = new Set<string>()
  for (const type of definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const { name, directives } of type.fields ?? []) {
      if (directives?.some(isRequiring)) found.add(`${type.name.value}.${name.value}`)
    }
  }
  return found
}

function isRequiring({ name, arguments: given = [] }: DirectiveNode): boolean {
  return name.value === 'join__field' && given.some((argument) => argument.name.value === 'requires')
}

/**
 * The document without the conditions around fields that require others. Apollo's planner puts such a field into one
 * fetch with others that have no condition; where it does not hold, nothing of what it requires is there, and none of
 * them could be asked for. It is fetched always and left out when the answer is shaped.
 */
export function withUnconditionalDependants(
  document: DocumentNode,
  schema: GraphQLSchema,
  dependants: Dependants,
): DocumentNode {
  if (dependants.size === 0) return document
  const place = { schema, document, dependants }
  const definitions = document.definitions.map((definition) => {
    const type =
      definition.kind === Kind.OPERATION_DEFINITION
        ? schema.getRootType(definition.operation)?.name
        : definition.kind === Kind.FRAGMENT_DEFINITION
          ? definition.typeCondition.name.value
          : undefined
    if (type === undefined || !('selectionSet' in definition) || !definition.selectionSet) return definition
    return { ...definition, selectionSet: withoutConditions(definition.selectionSet, type, place) }
  })
  return { ...document, definitions }
}

type Place = { schema: GraphQLSchema; document: DocumentNode; dependants: Dependants }

function withoutConditions(selectionSet: SelectionSetNode, typeName: string, place: Place): SelectionSetNode {
  const selections = selectionSet.selections.map((selection): SelectionNode => {
    const inner = innerOf(selection, typeName, place)
    const isFree =
      selection.kind === Kind.FIELD
        ? isDependant(typeName, selection.name.value, place)
        : inner !== undefined && requiresAny(inner.selectionSet, inner.on, place)
    const directives = isFree ? [] : selection.directives
    if (selection.kind === Kind.FRAGMENT_SPREAD || !inner) return { ...selection, directives }
    return { ...selection, directives, selectionSet: withoutConditions(inner.selectionSet, inner.on, place) }
  })
  return { ...selectionSet, selections }
}

/** What is selected in a selection, and of which type. */
function innerOf(
  selection: SelectionNode,
  typeName: string,
  { schema, document }: Place,
): { selectionSet: SelectionSetNode; on: string } | undefined {
  if (selection.kind === Kind.FIELD) {
    const on = fieldType(schema, typeName, selection.name.value)
    return selection.selectionSet && on ? { selectionSet: selection.selectionSet, on } : undefined
  }
  const fragment =
    selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(selection.name.value, document)
  return (
    fragment && { selectionSet: fragment.selectionSet, on: fragment.typeCondition?.name.value ?? typeName }
  )
}

/** Whether a field of the object itself requires others. */
function requiresAny({ selections }: SelectionSetNode, typeName: string, place: Place): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return isDependant(typeName, selection.name.value, place)
    const inner = innerOf(selection, typeName, place)
    return inner !== undefined && requiresAny(inner.selectionSet, inner.on, place)
  })
}

function isDependant(
  typeName: string,
  field: string,
  { schema, dependants }: Pick<Place, 'schema' | 'dependants'>,
): boolean {
  const type = schema.getType(typeName)
  const names = isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : []
  const interfaces = isObjectType(type) ? type.getInterfaces().map(({ name }) => name) : []
  return [typeName, ...names, ...interfaces].some((name) => dependants.has(`${name}.${field}`))
}

function fieldType(schema: GraphQLSchema, typeName: string, field: string): string | undefined {
  const type = schema.getType(typeName)
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined
  const named = getNamedType(type.getFields()[field]?.type)
  return isCompositeType(named) ? named.name : undefined
}
