import {
  type DocumentNode,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { fragmentNamed } from './root-arguments.ts'

/**
 * The document with conditions on object types in the place of those on unions, and on interfaces that have nothing to
 * do with the type around them: Apollo's planner fails on such where it has the objects from an interface object.
 */
export function withoutForeignConditions(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const typeInfo = new TypeInfo(schema)
  const isRelated = (type: GraphQLAbstractType, parent: GraphQLAbstractType) =>
    isInterfaceType(type) &&
    (schema.isSubType(parent, type) || (isInterfaceType(parent) && schema.isSubType(type, parent)))
  const narrowed = (fragment: InlineFragmentNode): SelectionNode | undefined => {
    const { typeCondition, ...unconditional } = fragment
    const [parent, type] = [typeInfo.getParentType(), schema.getType(typeCondition?.name.value ?? '')]
    if (!parent || !isCompositeType(type) || parent === type) return undefined
    if (isObjectType(parent)) {
      if (isAbstractType(type) && schema.isSubType(type, parent))
        return isUnionType(type) ? unconditional : undefined
      return typename
    }
    if (!isAbstractType(type) || !isAbstractType(parent) || isRelated(type, parent)) return undefined
    const types = schema.getPossibleTypes(parent).filter((one) => schema.isSubType(type, one))
    if (types.length === 0) return typename
    const selections = types.map(({ name }) => onType(name, fragment))
    return { ...unconditional, selectionSet: { kind: Kind.SELECTION_SET, selections } }
  }
  const visitor = visitWithTypeInfo(typeInfo, {
    InlineFragment: narrowed,
    FragmentSpread({ name, directives }) {
      const fragment = fragmentNamed(name.value, document)
      if (!fragment) return undefined
      const { typeCondition, selectionSet } = fragment
      const inline: InlineFragmentNode = {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition,
        directives,
        selectionSet,
      }
      return narrowed(inline) ?? (isObjectType(typeInfo.getParentType()) ? inline : undefined)
    },
  })
  return visit(document, visitor)
}

/** What stands for fragments that never hold: a selection is not empty. */
const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

function onType(name: string, { selectionSet }: InlineFragmentNode): InlineFragmentNode {
  const typeCondition = { kind: Kind.NAMED_TYPE as const, name: { kind: Kind.NAME as const, value: name } }
  return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet }
}
