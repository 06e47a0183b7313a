import {
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLType,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql'
import { commentOf } from './typescript-of-json-schema.ts'

const scalars: Readonly<Record<string, string>> = {
  ID: 'string',
  String: 'string',
  Int: 'number',
  Float: 'number',
  Boolean: 'boolean',
  DateTime: 'string',
}

/** A value of a GraphQL type as it is in JSON; types with a name of their own are called by it. */
export function typescriptOf(type: GraphQLType): string {
  if (isNonNullType(type)) return bare(type.ofType)
  // `unknown` may be null already.
  return bare(type) === 'unknown' ? 'unknown' : `${bare(type)} | null`
}

function bare(type: GraphQLType): string {
  if (isNonNullType(type)) return bare(type.ofType)
  if (isListType(type)) return `readonly (${typescriptOf(type.ofType)})[]`
  if (isScalarType(type)) return scalars[type.name] ?? 'unknown'
  return type.name
}

/** What a field is given as its arguments: coerced, with defaults filled in. */
export function argumentsOf(args: readonly (GraphQLArgument | GraphQLInputField)[]): string {
  const members = args.map(({ name, description, type, defaultValue }) => {
    const isThere = isNonNullType(type) || defaultValue !== undefined
    return `${commentOf(description)}readonly ${name}${isThere ? '' : '?'}: ${typescriptOf(type)}`
  })
  return members.length === 0 ? 'Readonly<Record<never, never>>' : `{ ${members.join('; ')} }`
}

/** The types that arguments and results are made of, each by its name, declared. */
export function declarationsOf(
  types: Iterable<GraphQLNamedType>,
  fieldsOf: (type: GraphQLObjectType) => readonly GraphQLField<unknown, unknown>[],
  possibleTypes: (type: GraphQLNamedType) => readonly GraphQLObjectType[],
): string[] {
  return [...types].flatMap((type) => {
    const comment = commentOf(type.description)
    if (isEnumType(type)) return [`${comment}export type ${type.name} = ${enumOf(type)}`]
    if (isInputObjectType(type)) return [`${comment}export type ${type.name} = ${inputOf(type)}`]
    if (isObjectType(type)) return [`${comment}export type ${type.name} = ${objectOf(fieldsOf(type))}`]
    if (!isAbstractType(type)) return []
    const members = possibleTypes(type).map(({ name }) => `({ readonly __typename: '${name}' } & ${name})`)
    return [`${comment}export type ${type.name} = ${members.join(' | ') || 'never'}`]
  })
}

function enumOf(type: GraphQLEnumType): string {
  return type
    .getValues()
    .map(({ name }) => `'${name}'`)
    .join(' | ')
}

function inputOf(type: GraphQLInputObjectType): string {
  return argumentsOf(Object.values(type.getFields()))
}

/** As a resolver returns it: what it leaves out is null. */
export function objectOf(fields: readonly GraphQLField<unknown, unknown>[]): string {
  const members = fields.map(({ name, description, type }) => {
    const mark = isNonNullType(type) ? '' : '?'
    return `${commentOf(description)}readonly ${name}${mark}: ${typescriptOf(type)}`
  })
  return members.length === 0 ? 'Readonly<Record<never, never>>' : `{ ${members.join('; ')} }`
}

/** The named types that these are made of, and what those are made of. */
export function reachableTypes(
  from: Iterable<GraphQLType>,
  next: (type: GraphQLNamedType) => readonly GraphQLType[],
): Map<string, GraphQLNamedType> {
  const found = new Map<string, GraphQLNamedType>()
  const waiting = [...from]
  for (let type = waiting.pop(); type; type = waiting.pop()) {
    const named = getNamedType(type)
    if (found.has(named.name)) continue
    found.set(named.name, named)
    waiting.push(...next(named))
  }
  return found
}
