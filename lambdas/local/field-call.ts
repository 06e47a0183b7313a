import {
  coerceInputValue,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'

/** The field of the plugin's own schema that a lambda answers. Null for one that it does not declare. */
export function fieldOf(schema: GraphQLSchema, lambda: string): GraphQLField<unknown, unknown> | null {
  const [typeName = '', fieldName = ''] = lambda.split('.')
  const type = schema.getType(typeName)
  return (isObjectType(type) && type.getFields()[fieldName]) || null
}

/** Arguments as the graph hands them over: with their defaults, each of its type. @throws for one that is not */
export function argumentsOf(
  { name, args }: GraphQLField<unknown, unknown>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const unknown = Object.keys(given).find((key) => !args.some((arg) => arg.name === key))
  if (unknown) throw new Error(`The field ${name} has no argument ${unknown}.`)
  const read: Record<string, unknown> = {}
  for (const { name: key, type, defaultValue } of args) {
    if (key in given)
      read[key] = coerceInputValue(given[key], type, (_path, _value, error) => {
        throw new Error(`The argument ${key} of ${name}: ${error.message}`)
      })
    else if (defaultValue !== undefined) read[key] = defaultValue
    else if (isNonNullType(type)) throw new Error(`The field ${name} needs the argument ${key}.`)
  }
  return read
}

/** What the graph would say of a value of this type; null where it fits. Objects are looked at by the graph, field by field. */
export function faultOfValue(value: unknown, type: GraphQLOutputType): string | null {
  const nullable = getNullableType(type)
  if (value === null || value === undefined)
    return isNonNullType(type) ? `null is no value of ${String(type)}.` : null
  if (isListType(nullable)) {
    if (!Array.isArray(value)) return `A list of ${String(nullable)} was expected.`
    for (const one of value) {
      const fault = faultOfValue(one, nullable.ofType)
      if (fault) return fault
    }
    return null
  }
  if (!isLeafType(nullable)) return null
  try {
    nullable.serialize(value)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
