import {
  type ConstDirectiveNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import { typescriptOf } from './typescript-of-graphql.ts'

type Node = { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined

/** What an object holds when a field of it is to be answered: its key, and what `@requires` names. */
export function givenObject(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string {
  const required = fieldSets([field.astNode], 'requires')
  return selected(type, [...keysOf(type), ...required].map(selectionOf))
}

/** The field sets of its `@key`s. */
export function keysOf({ astNode, extensionASTNodes }: GraphQLObjectType): string[] {
  return fieldSets([astNode, ...extensionASTNodes], 'key')
}

export function hasDirective(node: Node, name: string): boolean {
  return node?.directives?.some((directive) => directive.name.value === name) ?? false
}

function fieldSets(nodes: readonly Node[], directive: string): string[] {
  return nodes
    .flatMap((node) => node?.directives ?? [])
    .filter(({ name }) => name.value === directive)
    .flatMap(({ arguments: given = [] }) =>
      given.flatMap(({ name, value }) =>
        name.value === 'fields' && value.kind === Kind.STRING ? [value.value] : [],
      ),
    )
}

function selectionOf(fieldSet: string): SelectionSetNode {
  const [definition] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions
  return definition && 'selectionSet' in definition
    ? definition.selectionSet
    : { kind: Kind.SELECTION_SET, selections: [] }
}

/** The part of an object that field sets name. Of abstract types no more is said than that something is there. */
function selected(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): string {
  const parts = new Map<string, SelectionSetNode[]>()
  for (const node of sets.flatMap(({ selections }) => selections)) {
    if (node.kind !== Kind.FIELD) continue
    const below = node.selectionSet ? [node.selectionSet] : []
    parts.set(node.name.value, [...(parts.get(node.name.value) ?? []), ...below])
  }
  const members = [...parts].flatMap(([name, below]) => {
    const field = type.getFields()[name]
    return field ? [`readonly ${name}: ${selectedValue(field.type, below)}`] : []
  })
  return `{ ${members.join('; ')} }`
}

function selectedValue(type: GraphQLOutputType, below: readonly SelectionSetNode[]): string {
  if (below.length === 0) return typescriptOf(type)
  if (isNonNullType(type)) return withoutNull(type.ofType, below)
  return `${withoutNull(type, below)} | null`
}

function withoutNull(type: GraphQLOutputType, below: readonly SelectionSetNode[]): string {
  if (isListType(type)) return `readonly (${selectedValue(type.ofType, below)})[]`
  const named = getNamedType(type)
  return isObjectType(named) ? selected(named, below) : 'object'
}
