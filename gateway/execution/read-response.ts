import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { FetchNode } from '../planning/query-plan.ts'
import type { SubgraphResponse } from '../transports/subgraph-fetch.ts'
import {
  copyOf,
  FailedField,
  type Failure,
  failedWith,
  isResponseObject,
  type ResponseObject,
  type ResponseValue,
} from './response-data.ts'
import { applyRewrites, renamePath } from './rewrites.ts'

/** Of one answer, a subgraph's or ours: more of them tell nobody more. */
export const mostErrors = 1_000

/** What one fetch brought: its data with its errors in their places, and the errors that have none. */
export type FetchedData = { data: ResponseObject | FailedField; strayErrors: GraphQLError[] }

/** Makes of a subgraph's answer, or of there being none, what can be merged into ours. */
export function readResponse(
  node: FetchNode,
  response: SubgraphResponse | FailedField,
  supergraph: GraphQLSchema,
): FetchedData {
  if (response instanceof FailedField) return { data: response, strayErrors: [] }
  const failures = (response.errors ?? []).slice(0, mostErrors).map((error) => readError(node, error))
  const data = copyOf(response.data ?? null)
  if (!isResponseObject(data)) {
    return {
      data: failures.length > 0 ? new FailedField(failures) : failedWith(noData(node)),
      strayErrors: [],
    }
  }
  for (const object of node.requires ? entitiesOf(data) : [data])
    applyRewrites(object, node.outputRewrites, supergraph)
  return {
    data,
    strayErrors: failures.filter((failure) => !placeFailure(data, failure)).map(({ error }) => error),
  }
}

function entitiesOf(data: ResponseObject): ResponseObject[] {
  return Array.isArray(data._entities) ? data._entities.filter(isResponseObject) : []
}

function readError(node: FetchNode, { message, path = [], extensions }: GraphQLFormattedError): Failure {
  const { stacktrace: _stacktrace, exception: _exception, ...kept } = extensions ?? {}
  const error = isAboutQuestion(kept.code)
    ? noData(node)
    : new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', ...kept } })
  const below = node.requires
    ? [...path.slice(0, 2), ...renamePath(path.slice(2), node.outputRewrites)]
    : renamePath(path, node.outputRewrites)
  return { error, below }
}

/** The question was ours; what the subgraph says of it, or suggests instead, may be hidden from this client. */
function isAboutQuestion(code: unknown): boolean {
  return code === 'GRAPHQL_VALIDATION_FAILED' || code === 'GRAPHQL_PARSE_FAILED'
}

export function noData(node: FetchNode): TrellisError {
  return new TrellisError(
    'SUBGRAPH_INVALID_RESPONSE',
    `The module "${node.serviceName}" answered something that does not fit the question.`,
  )
}

/**
 * Puts the failure where its path ends, or where the null is that came up from there.
 * False when its path leads nowhere, or to a value that is there.
 */
function placeFailure(data: ResponseObject, { error, below }: Failure): boolean {
  let holder: ResponseValue = data
  for (const [depth, step] of below.entries()) {
    const value = childOf(holder, step)
    if (value === undefined || value === null || value instanceof FailedField) {
      const failure = { error, below: below.slice(depth + 1) }
      const earlier = value instanceof FailedField ? value.failures : []
      return setChild(holder, step, new FailedField([...earlier, failure]))
    }
    holder = value
  }
  return false
}

function childOf(holder: ResponseValue, step: string | number): ResponseValue | undefined {
  if (Array.isArray(holder)) return typeof step === 'number' ? holder[step] : undefined
  return isResponseObject(holder) ? holder[step] : undefined
}

function setChild(holder: ResponseValue, step: string | number, value: FailedField): boolean {
  if (Array.isArray(holder) && typeof step === 'number' && step < holder.length) {
    holder[step] = value
    return true
  }
  if (!isResponseObject(holder) || typeof step === 'number') return false
  holder[step] = value
  return true
}
