import {
  type ArgumentNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  parseType,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import { mergeMutationFields, withCertainSelections } from './conditional-selections.ts'
import { withoutForeignConditions } from './foreign-conditions.ts'
import { withPrivateAliases } from './private-aliases.ts'
import { privateVariable } from './private-variables.ts'
import { fragmentNamed, type RootArgument, responseKeyOf, rootArgumentsOf } from './root-arguments.ts'
import { type Dependants, withUnconditionalDependants } from './unconditional-dependants.ts'

/**
 * The client's operation as it is planned, alone in its document: every argument of a root field is a variable, and
 * aliases and variables have private names.
 */
export function operationToPlan(
  { schema, dependants }: { schema: GraphQLSchema; dependants: Dependants },
  document: DocumentNode,
  operation: OperationDefinitionNode,
): DocumentNode {
  const rootArguments = rootArgumentsOf({ schema, document, operation })
  const renamed = withPrivateVariables(document)
  const definition = operationOf(renamed, operation.name?.value)
  const selectionSet = liftArguments(definition.selectionSet, renamed, rootArguments)
  const lifted: OperationDefinitionNode = {
    ...definition,
    variableDefinitions: [
      ...(definition.variableDefinitions ?? []),
      ...rootArguments.map((argument) => defineVariable(argument, operation)),
    ],
    selectionSet: operation.operation === 'mutation' ? mergeMutationFields(selectionSet) : selectionSet,
  }
  const definitions = [lifted, ...renamed.definitions.filter(isFragment)]
  const narrowed = withoutForeignConditions({ ...renamed, definitions }, schema)
  const free = withUnconditionalDependants(narrowed, schema, dependants)
  return withPrivateAliases(withCertainSelections(free))
}

function isFragment({ kind }: DefinitionNode): boolean {
  return kind === Kind.FRAGMENT_DEFINITION
}

function operationOf(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    if (name === undefined || definition.name?.value === name) return definition
  }
  throw new Error('The document has no such operation.')
}

function withPrivateVariables(document: DocumentNode): DocumentNode {
  return visit(document, {
    Variable(variable) {
      return { ...variable, name: { kind: Kind.NAME, value: privateVariable(variable.name.value) } }
    },
  })
}

/**
 * Takes whatever fits the argument, because a rule may put it in the place of what the client wrote; and the null of a
 * client's variable that may be null: whether that fits the argument is for the subgraph to say.
 */
function defineVariable(
  { variable, value, type }: RootArgument,
  operation: OperationDefinitionNode,
): VariableDefinitionNode {
  const own =
    value.kind === 'variable'
      ? operation.variableDefinitions?.find((definition) => definition.variable.name.value === value.name)
      : undefined
  const mayBeNull = own ? own.type.kind !== Kind.NON_NULL_TYPE : value.kind === 'absent'
  const definition = {
    kind: Kind.VARIABLE_DEFINITION as const,
    variable: variableNode(variable),
    type: parseType(mayBeNull ? nullable(String(type)) : String(type)),
  }
  // It is always filled in here; the argument's own type may demand that it is there.
  return own?.defaultValue && isNonNullType(type)
    ? { ...definition, defaultValue: own.defaultValue }
    : definition
}

function variableNode(name: string) {
  return { kind: Kind.VARIABLE as const, name: { kind: Kind.NAME as const, value: name } }
}

function nullable(type: string): string {
  return type.endsWith('!') ? type.slice(0, -1) : type
}

/** Fragments of the root become part of it: elsewhere the same fragment keeps its own arguments. */
function liftArguments(
  selectionSet: SelectionSetNode,
  document: DocumentNode,
  rootArguments: readonly RootArgument[],
): SelectionSetNode {
  const lift = (inner: SelectionSetNode) => liftArguments(inner, document, rootArguments)
  const selections = selectionSet.selections.flatMap((selection): SelectionNode[] => {
    switch (selection.kind) {
      case Kind.FIELD:
        return isIntrospection(selection) ? [] : [withVariables(selection, rootArguments)]
      case Kind.INLINE_FRAGMENT:
        return unlessEmpty({ ...selection, selectionSet: lift(selection.selectionSet) })
      case Kind.FRAGMENT_SPREAD: {
        const fragment = fragmentNamed(selection.name.value, document)
        if (!fragment) return []
        const { typeCondition } = fragment
        const { directives } = selection
        const inner = lift(fragment.selectionSet)
        return unlessEmpty({ kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet: inner })
      }
      default:
        return selection satisfies never
    }
  })
  return { ...selectionSet, selections }
}

/** Answered where the answer is shaped; the planner fails on it in a fragment with a condition. */
function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type'
}

function unlessEmpty(fragment: InlineFragmentNode): InlineFragmentNode[] {
  return fragment.selectionSet.selections.length > 0 ? [fragment] : []
}

function withVariables(field: FieldNode, rootArguments: readonly RootArgument[]): FieldNode {
  const responseKey = responseKeyOf(field)
  const own = rootArguments.filter((argument) => argument.responseKey === responseKey)
  if (own.length === 0) return field
  const args = own.map(
    ({ argument, variable }): ArgumentNode => ({
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: argument },
      value: variableNode(variable),
    }),
  )
  return { ...field, arguments: args }
}
