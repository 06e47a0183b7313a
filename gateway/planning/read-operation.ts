import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
  visit,
} from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { exceedsIntrospection } from './introspection-length.ts'
import { exceedsLimits, exceedsTextLimits } from './operation-limits.ts'

export type ReadOperation =
  | { ok: true; document: DocumentNode; operation: OperationDefinitionNode }
  /** With the codes that Apollo Server gives them, or ours. */
  | { ok: false; errors: readonly GraphQLError[] }

/** An operation that is worth planning, or why it is none. The cheapest questions come first. */
export function readOperation(
  query: string,
  operationName: string | undefined,
  schema: GraphQLSchema,
): ReadOperation {
  const tooLong = exceedsTextLimits(query)
  if (tooLong) return { ok: false, errors: [tooLong] }
  const document = parseDocument(query)
  if (document instanceof GraphQLError) return { ok: false, errors: [document] }
  const operation = findOperation(document, operationName)
  const refused =
    operation instanceof GraphQLError ? null : (findDefer(document) ?? exceedsLimits(document, operation))
  if (refused) return { ok: false, errors: [refused] }
  const invalid = validate(schema, document)
  if (invalid.length > 0) {
    return { ok: false, errors: invalid.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) }
  }
  if (operation instanceof GraphQLError) return { ok: false, errors: [operation] }
  if (!schema.getRootType(operation.operation)) return { ok: false, errors: [hasNoRoot(operation)] }
  const tooCurious = exceedsIntrospection({ schema, document, operation })
  return tooCurious ? { ok: false, errors: [tooCurious] } : { ok: true, document, operation }
}

/** graphql-js finds nothing wrong with `mutation { __typename }` where there are no mutations. */
function hasNoRoot(operation: OperationDefinitionNode): GraphQLError {
  const message = `The schema has no ${operation.operation} type.`
  return withCode(new GraphQLError(message, { nodes: operation }), 'GRAPHQL_VALIDATION_FAILED')
}

function parseDocument(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED')
    throw error
  }
}

/** The operation that was asked for, in the words of Apollo Server where there is none. */
export function findOperation(
  { definitions }: DocumentNode,
  operationName: string | undefined,
): OperationDefinitionNode | GraphQLError {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const named = operations.filter(({ name }) => operationName === undefined || name?.value === operationName)
  const [found] = named
  if (found && named.length === 1) return found
  const message =
    named.length > 1
      ? 'Must provide operation name if query contains multiple operations.'
      : operationName === undefined
        ? 'Must provide an operation.'
        : `Unknown operation named "${operationName}".`
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })
}

function findDefer(document: DocumentNode): GraphQLError | null {
  let found: GraphQLError | null = null
  visit(document, {
    Directive(directive) {
      const { value } = directive.name
      if (value === 'defer' || value === 'stream')
        found = new TrellisError('UNSUPPORTED_DIRECTIVE', `@${value} is not served here.`, {
          nodes: directive,
        })
    },
  })
  return found
}

function withCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } })
}
