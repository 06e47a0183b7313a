import {
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  print,
  type TypeNode,
} from 'graphql'
import { argumentText, graphOf, isJoin } from './join-directives.ts'
import type { PlanNode, SubscriptionNode } from './query-plan.ts'

/**
 * Says of a subscription whether its stream can be begun after a place in it: its field has an argument `after`, and the
 * module that serves it tells a `cursor` with each event.
 */
export function createWithPlaces(
  supergraph: DocumentNode,
): (node: PlanNode | SubscriptionNode) => PlanNode | SubscriptionNode {
  const afterOf = ({ operation, serviceName }: SubscriptionNode['primary']): TypeNode | undefined => {
    const root = rootField(parse(operation, { noLocation: true }))
    const field = root && fieldsOf(subscriptionType(supergraph), supergraph).get(root.name.value)
    const after = field?.arguments?.find(({ name }) => name.value === 'after')
    if (!field || !after || !isText(after.type)) return undefined
    const cursor = fieldsOf(nullable(field.type), supergraph).get('cursor')
    if (!cursor || !isText(cursor.type) || cursor.arguments?.some(isRequired)) return undefined
    return isResolvedBy(serviceName, cursor, supergraph) ? after.type : undefined
  }
  return (node) => {
    const after = node.kind === 'Subscription' ? afterOf(node.primary) : undefined
    return node.kind === 'Subscription' && after ? { ...node, after: print(after) } : node
  }
}

/** The one field at the root of what a module is asked. */
export function rootField({ definitions }: DocumentNode): FieldNode | null {
  const operation = definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  const [first, ...others] = operation && 'selectionSet' in operation ? operation.selectionSet.selections : []
  return first?.kind === Kind.FIELD && others.length === 0 ? first : null
}

function subscriptionType({ definitions }: DocumentNode): string {
  const roots = definitions.flatMap((one) => (one.kind === Kind.SCHEMA_DEFINITION ? one.operationTypes : []))
  return roots.find(({ operation }) => operation === 'subscription')?.type.name.value ?? 'Subscription'
}

/** Of an object type; of anything else none. */
function fieldsOf(
  type: string | null,
  { definitions }: DocumentNode,
): ReadonlyMap<string, FieldDefinitionNode> {
  const definition = definitions.find(
    (one) => one.kind === Kind.OBJECT_TYPE_DEFINITION && one.name.value === type,
  )
  const fields = definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? (definition.fields ?? []) : []
  return new Map(fields.map((field) => [field.name.value, field]))
}

/** Null: a list. */
function nullable(type: TypeNode): string | null {
  if (type.kind === Kind.NON_NULL_TYPE) return nullable(type.type)
  return type.kind === Kind.NAMED_TYPE ? type.name.value : null
}

function isText(type: TypeNode): boolean {
  return ['String', 'ID'].includes(nullable(type) ?? '')
}

function isRequired({ type, defaultValue }: InputValueDefinitionNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined
}

/** Whether a subgraph resolves a field of an object type that it has, as the supergraph's `@join__field` says. */
function isResolvedBy(
  serviceName: string,
  { directives = [] }: FieldDefinitionNode,
  supergraph: DocumentNode,
): boolean {
  const joins = directives.filter((directive) => isJoin(directive, 'field'))
  if (joins.length === 0) return true
  const graph = graphNamed(serviceName, supergraph)
  return joins.some(
    (join) =>
      graphOf(join) === graph &&
      argumentText(join, 'external') !== 'true' &&
      argumentText(join, 'usedOverridden') === undefined,
  )
}

/** The name of a subgraph in the enum `join__Graph`. */
function graphNamed(serviceName: string, { definitions }: DocumentNode): string | undefined {
  const graphs = definitions.flatMap((one) =>
    one.kind === Kind.ENUM_TYPE_DEFINITION && one.name.value === 'join__Graph' ? (one.values ?? []) : [],
  )
  return graphs.find(({ directives }) => directives?.some((one) => argumentText(one, 'name') === serviceName))
    ?.name.value
}
