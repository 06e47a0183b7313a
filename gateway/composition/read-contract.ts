import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type NamedTypeNode,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql'

/** What of a supergraph is in a contract. */
export type Contract = {
  /** Every type that clients may see at all; what else a supergraph has belongs to federation. */
  candidates: ReadonlySet<string>
  /** Those among them that the contract has. */
  types: ReadonlySet<string>
  /** Of objects and interfaces. */
  fields: ReadonlyMap<string, ReadonlySet<string>>
}

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
type Types = ReadonlyMap<string, TypeDefinitionNode>
type Fields = Map<string, Set<string>>

/**
 * @param publicSchema the supergraph as clients see it, without tags
 * @returns null when nothing can be asked
 */
export function readContract(
  { supergraph, publicSchema }: { supergraph: DocumentNode; publicSchema: DocumentNode },
  tags: ReadonlySet<string>,
): Contract | null {
  const types = typesOf(publicSchema)
  const fields = taggedFields(supergraph, types, tags)
  while (removeDeadEnds(types, fields));
  if (!fields.get('Query')?.size) return null
  return { candidates: new Set(types.keys()), types: reachableTypes(publicSchema, types, fields), fields }
}

function typesOf({ definitions }: DocumentNode): Types {
  const types = new Map<string, TypeDefinitionNode>()
  for (const definition of definitions) {
    if ('name' in definition && definition.name && isTypeDefinition(definition)) {
      types.set(definition.name.value, definition)
    }
  }
  return types
}

function isTypeDefinition(definition: { kind: string }): definition is TypeDefinitionNode {
  return /^(Object|Interface|Union|Scalar|Enum|InputObject)TypeDefinition$/.test(definition.kind)
}

function isComposite(type: TypeDefinitionNode | undefined): type is Composite {
  return type?.kind === Kind.OBJECT_TYPE_DEFINITION || type?.kind === Kind.INTERFACE_TYPE_DEFINITION
}

function taggedFields(supergraph: DocumentNode, types: Types, tags: ReadonlySet<string>): Fields {
  const tagged: Fields = new Map()
  for (const [name, type] of typesOf(supergraph)) {
    const shown = types.get(name)
    if (!isComposite(type) || !isComposite(shown)) continue
    const isShown = new Set(shown.fields?.map((field) => field.name.value))
    const isTagged = ({ name: field, directives = [] }: FieldDefinitionNode) =>
      isShown.has(field.value) && directives.some((directive) => tags.has(tagOf(directive) ?? ''))
    tagged.set(name, new Set(type.fields?.filter(isTagged).map((field) => field.name.value)))
  }
  return tagged
}

function tagOf({ name, arguments: given = [] }: ConstDirectiveNode): string | null {
  const value = name.value === 'tag' ? given[0]?.value : undefined
  return value?.kind === Kind.STRING ? value.value : null
}

/** Whether there were any. One that goes may make another. */
function removeDeadEnds(types: Types, fields: Fields): boolean {
  let isChanged = false
  for (const [name, visible] of fields) {
    const type = types.get(name)
    for (const field of isComposite(type) ? (type.fields ?? []) : []) {
      if (!visible.has(field.name.value)) continue
      const leads = isVisible(types.get(namedType(field.type)), fields)
      if (leads && implementorsOf(name, types).every((other) => mayStandIn(other, field, fields))) continue
      visible.delete(field.name.value)
      isChanged = true
    }
  }
  return isChanged
}

/** Scalars that are not defined are the specification's own. */
function isVisible(type: TypeDefinitionNode | undefined, fields: Fields): boolean {
  switch (type?.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
      return (fields.get(type.name.value)?.size ?? 0) > 0
    case Kind.UNION_TYPE_DEFINITION:
      return type.types?.some(({ name }) => (fields.get(name.value)?.size ?? 0) > 0) ?? false
    default:
      return true
  }
}

function implementorsOf(name: string, types: Types): Composite[] {
  return [...types.values()].filter(
    (type): type is Composite =>
      isComposite(type) && (type.interfaces?.some((one) => one.name.value === name) ?? false),
  )
}

/** A type that is gone stands in the way of nothing. */
function mayStandIn({ name }: Composite, field: FieldDefinitionNode, fields: Fields): boolean {
  const visible = fields.get(name.value)
  return !visible || visible.size === 0 || visible.has(field.name.value)
}

function reachableTypes(schema: DocumentNode, types: Types, fields: Fields): Set<string> {
  const reached = new Set<string>()
  const reachInput = ({ type }: InputValueDefinitionNode) => reach(namedType(type))
  const reachMember = ({ name }: NamedTypeNode) => reach(name.value)
  const reach = (name: string): void => {
    const type = types.get(name)
    if (!type || reached.has(name) || !isVisible(type, fields)) return
    reached.add(name)
    if (isComposite(type)) {
      for (const field of type.fields ?? []) {
        if (!fields.get(name)?.has(field.name.value)) continue
        field.arguments?.forEach(reachInput)
        reach(namedType(field.type))
      }
      for (const { name: implementor } of implementorsOf(name, types)) reach(implementor.value)
    }
    if (type.kind === Kind.UNION_TYPE_DEFINITION) type.types?.forEach(reachMember)
    if (type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) type.fields?.forEach(reachInput)
  }
  for (const root of ['Query', 'Mutation', 'Subscription']) reach(root)
  for (const definition of schema.definitions) {
    if (definition.kind === Kind.DIRECTIVE_DEFINITION) definition.arguments?.forEach(reachInput)
  }
  return reached
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}
