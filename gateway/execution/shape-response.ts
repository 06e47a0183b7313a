import {
  type ExecutionResult,
  executeSync,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  isObjectType,
} from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import { fetchedKey } from '../planning/private-aliases.ts'
import { absenceReason, FailedField, isResponseObject, type ResponseObject } from './response-data.ts'
import { selectsByType } from './selects-by-type.ts'
import { shapingSchema } from './stand-in-types.ts'
import { visiblePath } from './visible-path.ts'

type Shaping = {
  /** The API schema. */
  schema: GraphQLSchema
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
}

/**
 * What the client asked for, out of what the plan brought together. The GraphQL specification's own execution does
 * it, graphql-js over the API schema with the data as its root: selection order, null propagation, abstract types,
 * leaf values, introspection, error paths and locations are then right by construction.
 */
export function shapeResponse(
  { document, operation }: PlannedOperation,
  data: ResponseObject,
  { schema, variables }: Shaping,
): ExecutionResult {
  const shaped = executeSync({
    schema: shapingSchema(schema, operation),
    document,
    operationName: operation.name?.value,
    rootValue: data,
    variableValues: variables,
    fieldResolver: readField,
    typeResolver: readType,
  })
  const errors = shaped.errors?.flatMap((error) => explain(error, document.definitions))
  return errors ? { data: shaped.data ?? null, errors } : { data: shaped.data ?? null }
}

const readField: GraphQLFieldResolver<unknown, unknown> = (source, _arguments, _context, { fieldNodes }) => {
  if (!isResponseObject(source)) throw invalidValue()
  const [node] = fieldNodes
  const value = node && source[fetchedKey(node)]
  return value === undefined ? source[absenceReason] : value
}

const readType: GraphQLTypeResolver<unknown, unknown> = (source, _context, info, abstractType) => {
  if (!isResponseObject(source)) throw invalidValue()
  const { schema } = info
  const type = typeof source.__typename === 'string' ? schema.getType(source.__typename) : undefined
  if (isObjectType(type)) return type.name
  if (source[absenceReason]) throw source[absenceReason]
  // A subgraph with an interface object does not know the type, and was not asked for it where nothing depends on it.
  const isUnknown = source.__typename === undefined || source.__typename === abstractType.name
  const [any] = schema.getPossibleTypes(abstractType)
  if (any && isUnknown && !selectsByType(info, abstractType.name)) return any.name
  throw invalidValue()
}

/** Says neither the value nor the type: both may be hidden from this client. */
function invalidValue(): TrellisError {
  return new TrellisError(
    'SUBGRAPH_INVALID_RESPONSE',
    'The module that owns this field answered a value that does not fit its type.',
  )
}

/**
 * Gives each failure of a field an error with the client's path, one for each place (the specification, 6.4.4): two
 * subgraphs may have failed in the same field. Codes those that the shaping found.
 */
function explain(
  found: GraphQLError,
  definitions: PlannedOperation['document']['definitions'],
): GraphQLError[] {
  const { originalError, path = [], nodes = [] } = found
  if (originalError instanceof FailedField) {
    const errors = new Map<string, GraphQLError>()
    for (const { error, below } of originalError.failures) {
      const place = visiblePath(below, nodes, definitions)
      const key = JSON.stringify(place.path)
      if (errors.has(key)) continue
      const { message, extensions } = error
      const options = { nodes: place.nodes, path: [...path, ...place.path], extensions, originalError: error }
      errors.set(key, new GraphQLError(message, options))
    }
    return [...errors.values()]
  }
  if (originalError instanceof TrellisError) return [found]
  // graphql-js quotes a value that does not fit its type, but not one that is missing.
  const message = originalError instanceof GraphQLError ? invalidValue().message : found.message
  return [new TrellisError('SUBGRAPH_INVALID_RESPONSE', message, { nodes, path })]
}
