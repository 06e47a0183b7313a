import { type ExecutionResult, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import { LRUCache } from 'lru-cache'
import { type AcquireGraph, handleOperation, type OperationRequest } from '../pipeline.ts'
import { type ReadOperation, readOperation } from '../planning/read-operation.ts'
import type { Answers } from '../subscriptions/read-group.ts'
import type { Resume } from '../subscriptions/subscribe-operation.ts'
import type { Graph } from '../supergraph/graph.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import type { ShowError } from '../supergraph/show-error.ts'

/** As it comes over a socket, or as an event stream is asked for. */
export type OperationPayload = {
  query: string
  operationName?: string | null | undefined
  variables?: Readonly<Record<string, unknown>> | null | undefined
  extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/** What becomes of an operation on a connection that stays. Texts are JSON. */
export type Outcome =
  /** It was not executed. */
  | { kind: 'refused'; errors: readonly GraphQLFormattedError[] }
  | { kind: 'result'; text: string }
  | { kind: 'answers'; answers: Answers }

export type RunOperation = (
  payload: OperationPayload,
  request: OperationRequest,
  resume?: Resume,
) => Promise<Outcome>

/** Every operation goes through the corridor by itself, as if it had come in alone. */
export function createRunOperation(options: { acquire: AcquireGraph; show: ShowError }): RunOperation {
  const { acquire, show } = options
  const readFor = createReader()
  const refused = (errors: readonly unknown[]): Outcome => ({ kind: 'refused', errors: errors.map(show) })

  return async (payload, request, resume) => {
    try {
      return await handleOperation(acquire, request, async (graph, context) => {
        const read = readFor(graph.schema, payload)
        if (!read.ok) return refused(read.errors)
        const { document, operation } = read
        if (operation.operation !== 'subscription') {
          return { kind: 'result', text: textOf(await execute(graph, payload, context), show) }
        }
        const { operationName, variables } = payload
        const subscribed = await graph.subscribe(
          { document, operationName: operationName ?? undefined, variables: variables ?? {}, resume },
          context,
        )
        if (Symbol.asyncIterator in subscribed) return { kind: 'answers', answers: subscribed }
        return { kind: 'result', text: textOf(subscribed, show) }
      })
    } catch (error) {
      return refused([asGraphqlError(error)])
    }
  }
}

async function execute(
  graph: Graph,
  { query, operationName, variables, extensions }: OperationPayload,
  context: OperationContext,
): Promise<ExecutionResult> {
  return graph.execute(
    {
      query,
      operationName: operationName ?? undefined,
      variables: variables ?? undefined,
      extensions: extensions ?? undefined,
    },
    context,
  )
}

type Read = (schema: GraphQLSchema, payload: OperationPayload) => ReadOperation

const keptOperations = 1_000
const longestKept = 20_000

/** Thousands of sockets send the same subscription: it is parsed and validated once for each schema. */
function createReader(): Read {
  const bySchema = new WeakMap<GraphQLSchema, LRUCache<string, ReadOperation>>()
  return (schema, { query, operationName }) => {
    const known = bySchema.get(schema) ?? new LRUCache({ max: keptOperations })
    bySchema.set(schema, known)
    const key = `${operationName ?? ''} ${query}`
    const kept = known.get(key)
    if (kept) return kept
    const operation = readOperation(query, operationName ?? undefined, schema)
    if (operation.ok && key.length <= longestKept) known.set(key, operation)
    return operation
  }
}

function textOf({ errors, ...rest }: ExecutionResult, show: ShowError): string {
  return JSON.stringify(errors ? { ...rest, errors: errors.map(show) } : rest)
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  return new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) })
}
