/** A JSON Schema, as far as TypeScript can say it; what it cannot say is left out or `unknown`. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The TypeScript type of what a JSON Schema describes. */
export function typescriptOfJsonSchema(schema: unknown, root: unknown = schema): string {
  if (!isSchema(schema)) return 'unknown'
  const { $ref, enum: values, anyOf, oneOf, type } = schema
  if (typeof $ref === 'string') return typescriptOfJsonSchema(pointedAt($ref, root), null)
  if ('const' in schema) return JSON.stringify(schema.const)
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ') || 'never'
  const choices = anyOf ?? oneOf
  if (Array.isArray(choices)) return unionOf(choices.map((choice) => typescriptOfJsonSchema(choice, root)))
  const types = Array.isArray(type) ? type : [type]
  return unionOf(types.map((one) => typeNamed(one, schema, root)))
}

function typeNamed(type: unknown, schema: JsonSchema, root: unknown): string {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type
    case 'integer':
      return 'number'
    case 'array':
      return `readonly (${typescriptOfJsonSchema(schema.items, root)})[]`
    case 'object':
      return objectOf(schema, root)
    default:
      return 'unknown'
  }
}

function objectOf({ properties, required, additionalProperties }: JsonSchema, root: unknown): string {
  const needed = new Set(Array.isArray(required) ? required : [])
  const known = Object.entries(isSchema(properties) ? properties : {}).map(([name, property]) => {
    const mark = needed.has(name) ? '' : '?'
    const comment = isSchema(property) ? commentOf(property.description) : ''
    return `${comment}readonly ${JSON.stringify(name)}${mark}: ${typescriptOfJsonSchema(property, root)}`
  })
  const isOpen = additionalProperties !== false
  return `{ ${[...known, ...(isOpen ? ['readonly [name: string]: unknown'] : [])].join('; ')} }`
}

/** `#/$defs/x` only: what it points at is described without further references, so that nothing goes in circles. */
function pointedAt(reference: string, root: unknown): unknown {
  if (!reference.startsWith('#/')) return undefined
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((schema, name) => (isSchema(schema) ? schema[name] : undefined), root)
}

function unionOf(types: readonly string[]): string {
  return types.includes('unknown') ? 'unknown' : [...new Set(types)].join(' | ')
}

/** For an editor to show. */
export function commentOf(text: unknown): string {
  return typeof text === 'string' && text !== ''
    ? `/** ${text.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()} */ `
    : ''
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
