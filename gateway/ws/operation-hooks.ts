import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql'
import type { ServerOptions, SubscribePayload } from 'graphql-ws'
import type { Extra } from 'graphql-ws/use/ws'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { Authenticator } from '../access/authenticate.ts'
import { type AcquireGraph, handleOperation, type OperationRequest } from '../pipeline.ts'
import { formatError, isMasked } from '../supergraph/format-error.ts'
import type { Connection } from './connections.ts'

export type SocketExtra = { connection: Connection }

type Hooks = Pick<
  ServerOptions<Record<string, unknown>, Extra & Partial<SocketExtra>>,
  'onSubscribe' | 'execute' | 'subscribe' | 'onNext' | 'onError'
>

export type OperationHooksOptions = { authenticator: Authenticator; acquire: AcquireGraph; log: Log }

/** An operation on its way through graphql-ws, from `onSubscribe` to `execute` or `subscribe`. */
type SocketOperation = { request: OperationRequest; payload: SubscribePayload }

/** Every operation of a socket goes through the corridor by itself, as if it had come in alone. */
export function createOperationHooks({ authenticator, acquire, log }: OperationHooksOptions): Hooks {
  const format = (error: unknown): GraphQLFormattedError => {
    const formatted = formatError(
      error instanceof GraphQLError ? error.toJSON() : { message: '', ...asObject(error) },
      error,
    )
    if (isMasked(formatted)) log.error({ err: error }, 'an operation failed')
    return formatted
  }
  return {
    async onSubscribe({ extra: { connection } }, _id, payload) {
      if (!connection) return [asGraphqlError(unauthenticated())]
      const request = requestOn(connection, authenticator)
      try {
        return await handleOperation(acquire, request, async ({ schema }) =>
          readOperation(schema, { request, payload }),
        )
      } catch (error) {
        return [asGraphqlError(error)]
      }
    },
    async execute(args: ExecutionArgs): Promise<ExecutionResult> {
      const { request, payload } = operationOf(args)
      const { query, operationName, variables, extensions } = payload
      try {
        return await handleOperation(acquire, request, async ({ apollo }, contextValue) => {
          const { body } = await apollo.executeOperation(
            { query, ...present({ operationName, variables, extensions }) },
            { contextValue },
          )
          if (body.kind !== 'single')
            throw new Error('An answer in parts: the executor has no incremental delivery.')
          return body.singleResult as ExecutionResult
        })
      } catch (error) {
        return { errors: [asGraphqlError(error)] }
      }
    },
    async subscribe(args: ExecutionArgs) {
      const { request, payload } = operationOf(args)
      const { document } = args
      const { operationName, variables } = payload
      try {
        return await handleOperation(acquire, request, (graph, context) =>
          graph.subscribe(
            { document, operationName: operationName ?? undefined, variables: variables ?? {} },
            context,
          ),
        )
      } catch (error) {
        return { errors: [asGraphqlError(error)] }
      }
    },
    // What Apollo Server has formatted passes a second time unchanged.
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors ? { ...result, errors: result.errors.map(format) } : undefined,
    onError: (_context, _id, _payload, errors) => errors.map(format),
  }
}

/** Faults of the document are an `error` message, and the end of the operation. */
function readOperation(schema: GraphQLSchema, operation: SocketOperation): ExecutionArgs | GraphQLError[] {
  const { query, operationName } = operation.payload
  const document = parseDocument(query)
  if (document instanceof GraphQLError) return [document]
  const errors = validate(schema, document)
  if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'))
  return { schema, document, operationName: operationName ?? undefined, contextValue: operation }
}

function parseDocument(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED')
    throw error
  }
}

function withCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } })
}

function requestOn(
  { identity, traceparent, disconnected }: Connection,
  { holds }: Authenticator,
): OperationRequest {
  return {
    async identify() {
      if (!holds(identity)) throw unauthenticated()
      return identity
    },
    traceparent,
    disconnected,
  }
}

/** graphql-ws hands on what `onSubscribe` put there. */
function operationOf({ contextValue }: ExecutionArgs): SocketOperation {
  return contextValue as SocketOperation
}

function unauthenticated(): TrellisError {
  return new TrellisError('UNAUTHENTICATED', 'The credentials of this connection have ended.')
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  return new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) })
}

function asObject(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : {}
}

function present<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(entries) as { [Key in keyof T]?: NonNullable<T[Key]> }
}
