import {
  GraphQLFloat,
  type GraphQLInputType,
  getNullableType,
  isInputObjectType,
  isListType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type ValueNode,
} from 'graphql'

/**
 * Whether a literal says the same as JSON. All but numbers do; those of a scalar that only its subgraph knows may
 * have more digits than a number of JavaScript, and `1.10` may mean something else than `1.1`.
 */
export function isExactAsJson(node: ValueNode, type: GraphQLInputType | undefined): boolean {
  const nullable = type && getNullableType(type)
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      if (nullable === GraphQLFloat) return Number.isFinite(Number(node.value))
      if (isScalarType(nullable) && isSpecifiedScalarType(nullable)) return true
      return String(Number(node.value)) === node.value
    case Kind.LIST:
      return node.values.every((value) => isExactAsJson(value, elementType(nullable)))
    case Kind.OBJECT:
      return node.fields.every(({ name, value }) =>
        isExactAsJson(
          value,
          isInputObjectType(nullable) ? nullable.getFields()[name.value]?.type : undefined,
        ),
      )
    default:
      return true
  }
}

function elementType(type: GraphQLInputType | undefined): GraphQLInputType | undefined {
  return isListType(type) ? type.ofType : undefined
}
