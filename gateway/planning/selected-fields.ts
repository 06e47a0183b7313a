import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionNode,
} from 'graphql'

/** `Type.field` of everything that a field set (of a key, of a `@requires`) selects, at any depth. */
export type SelectedFields = (typeName: string, fieldSet: string) => ReadonlySet<string>

/**
 * A field of an interface is also one of each of its implementers, and the other way round. Most supergraphs are asked
 * for few field sets or none: what it takes to answer is built with the first.
 */
export function createSelectedFields(supergraph: DocumentNode): SelectedFields {
  let built: GraphQLSchema | undefined
  const schemaOf = () => (built ??= buildASTSchema(supergraph, { assumeValid: true }))
  const kin = (type: GraphQLNamedType): string[] => {
    if (isObjectType(type)) return [type, ...type.getInterfaces()].map(({ name }) => name)
    if (!isInterfaceType(type)) return []
    const { objects, interfaces } = schemaOf().getImplementations(type)
    return [type, ...objects, ...interfaces].map(({ name }) => name)
  }
  const collect = (
    selection: SelectionNode,
    type: GraphQLNamedType | undefined,
    found: Set<string>,
  ): void => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const on = selection.typeCondition ? schemaOf().getType(selection.typeCondition.name.value) : type
      for (const inner of selection.selectionSet.selections) collect(inner, on, found)
      return
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return
    for (const name of kin(type)) found.add(`${name}.${selection.name.value}`)
    const on = getNamedType(type.getFields()[selection.name.value]?.type)
    for (const inner of selection.selectionSet?.selections ?? []) collect(inner, on, found)
  }
  return (typeName, fieldSet) => {
    const found = new Set<string>()
    const [definition] = parse(`{${fieldSet}}`, { noLocation: true }).definitions
    if (definition?.kind === Kind.OPERATION_DEFINITION) {
      for (const selection of definition.selectionSet.selections)
        collect(selection, schemaOf().getType(typeName), found)
    }
    return found
  }
}
