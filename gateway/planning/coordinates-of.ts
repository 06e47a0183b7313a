import {
  type ASTNode,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isRequiredInputField,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'

/** `line`, from 1, is the first in which the document uses it. */
export type UsedCoordinate = { coordinate: string; line: number }

/**
 * What of a schema a valid document uses, each once, as schema coordinates: `User`, `User.name`, `Query.user(id:)`,
 * `NotifyInput.title`, `Role.ADMIN`. Of an input object that comes in a variable these are the fields that it has to have.
 */
export function coordinatesOf(document: DocumentNode, schema: GraphQLSchema): UsedCoordinate[] {
  const lines = new Map<string, number>()
  const types = new TypeInfo(schema)
  const use = (coordinate: string, { loc }: ASTNode) => {
    if (loc && !lines.has(coordinate)) lines.set(coordinate, loc.startToken.line)
  }
  const visitor = visitWithTypeInfo(types, {
    NamedType(node) {
      const type = schema.getType(node.name.value)
      use(node.name.value, node)
      if (isInputType(type)) for (const coordinate of requiredIn(type)) use(coordinate, node)
    },
    Field(node) {
      const name = node.name.value
      if (!name.startsWith('__')) use(`${types.getParentType()?.name}.${name}`, node)
    },
    Argument(node) {
      const field = types.getFieldDef()?.name
      if (types.getDirective() || field?.startsWith('__')) return
      use(`${types.getParentType()?.name}.${field}(${node.name.value}:)`, node)
    },
    ObjectValue(node) {
      const type = getNamedType(types.getInputType())
      if (isInputObjectType(type)) use(type.name, node)
    },
    ObjectField(node) {
      const type = getNamedType(types.getParentInputType())
      if (isInputObjectType(type)) use(`${type.name}.${node.name.value}`, node)
    },
    EnumValue(node) {
      const type = getNamedType(types.getInputType())
      if (isEnumType(type)) use(`${type.name}.${node.value}`, node)
    },
  })
  visit(document, visitor)
  return [...lines].map(([coordinate, line]) => ({ coordinate, line }))
}

/** The fields without which no value of the type is one, and the types of these. */
function requiredIn(type: GraphQLInputType, known: Set<string> = new Set()): Set<string> {
  const named = getNamedType(type)
  if (!isInputObjectType(named) || known.has(named.name)) return known
  known.add(named.name)
  for (const field of Object.values(named.getFields()).filter(isRequiredInputField)) {
    known.add(`${named.name}.${field.name}`)
    requiredIn(field.type, known)
  }
  return known
}
