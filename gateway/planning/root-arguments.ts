import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  valueFromAST,
} from 'graphql'

/** One argument of one root field of an operation, given or not: what a rule of that field can see and rewrite. */
export type RootArgument = {
  /** The field's key in the answer. */
  responseKey: string
  /** `Query.records`. */
  coordinate: string
  argument: string
  type: GraphQLInputType
  /** What the client wrote. */
  value: RootArgumentValue
  /** The variable that carries the value to the subgraph. */
  variable: string
}

export type RootArgumentValue =
  | { kind: 'absent' }
  | { kind: 'constant'; value: unknown }
  /** A variable of the client's, by the client's name. */
  | { kind: 'variable'; name: string }
  /** A list or an object with variables of the client's in it. */
  | { kind: 'mixed'; node: ValueNode }

type Operation = { schema: GraphQLSchema; document: DocumentNode; operation: OperationDefinitionNode }

/** Every declared argument of every root field of a valid operation, once for each response key. */
export function rootArgumentsOf({ schema, document, operation }: Operation): RootArgument[] {
  const rootType = schema.getRootType(operation.operation)
  if (!rootType) return []
  const fields = new Map<string, FieldNode>()
  for (const field of rootFields(operation.selectionSet, document)) {
    const key = responseKeyOf(field)
    if (!fields.has(key)) fields.set(key, field)
  }
  const names = { count: 0 }
  return [...fields].flatMap(([responseKey, field]) => argumentsOf(field, { responseKey, rootType, names }))
}

/** `Query.records` for each field that an operation may have at its root, whatever its conditions say. */
export function rootCoordinates({ schema, document, operation }: Operation): string[] {
  const rootType = schema.getRootType(operation.operation)
  return rootFields(operation.selectionSet, document).map(({ name }) => `${rootType?.name}.${name.value}`)
}

export function responseKeyOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value
}

type Naming = { responseKey: string; rootType: GraphQLObjectType; names: { count: number } }

function argumentsOf(field: FieldNode, { responseKey, rootType, names }: Naming): RootArgument[] {
  const definition = rootType.getFields()[field.name.value]
  return (definition?.args ?? []).map((argument): RootArgument => {
    const given = field.arguments?.find(({ name }) => name.value === argument.name)
    names.count += 1
    return {
      responseKey,
      coordinate: `${rootType.name}.${field.name.value}`,
      argument: argument.name,
      type: argument.type,
      value: readValue(given, argument),
      variable: `${argument.name}__root${names.count}`,
    }
  })
}

function readValue(given: ArgumentNode | undefined, { type }: GraphQLArgument): RootArgumentValue {
  if (!given) return { kind: 'absent' }
  const { value: node } = given
  if (node.kind === Kind.VARIABLE) return { kind: 'variable', name: node.name.value }
  return hasVariables(node) ? { kind: 'mixed', node } : { kind: 'constant', value: valueFromAST(node, type) }
}

function hasVariables(node: ValueNode): boolean {
  switch (node.kind) {
    case Kind.VARIABLE:
      return true
    case Kind.LIST:
      return node.values.some(hasVariables)
    case Kind.OBJECT:
      return node.fields.some(({ value }) => hasVariables(value))
    default:
      return false
  }
}

/** The fields of the operation itself, through its fragments, each fragment once. */
export function rootFields(
  { selections }: SelectionSetNode,
  document: DocumentNode,
  seen = new Set<string>(),
): FieldNode[] {
  return selections.flatMap((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return [selection]
      case Kind.INLINE_FRAGMENT:
        return rootFields(selection.selectionSet, document, seen)
      case Kind.FRAGMENT_SPREAD: {
        const name = selection.name.value
        const fragment = seen.has(name) ? undefined : fragmentNamed(name, document)
        seen.add(name)
        return fragment ? rootFields(fragment.selectionSet, document, seen) : []
      }
      default:
        return selection satisfies never
    }
  })
}

export function fragmentNamed(name: string, { definitions }: DocumentNode) {
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) return definition
  }
  return undefined
}
