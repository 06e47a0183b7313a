import type { GraphQLFormattedError } from 'graphql'
import type { SubgraphResponse } from './subgraph-fetch.ts'
import { invalidResponse } from './transport-errors.ts'

/** A GraphQL response out of parsed JSON; null when it is something else. */
export function readGraphqlResponse(value: unknown): SubgraphResponse | null {
  if (!isRecord(value)) return null
  const { data, errors } = value
  if (data === undefined && errors === undefined) return null
  if (data !== undefined && data !== null && !isRecord(data)) return null
  if (errors !== undefined && !isErrorList(errors)) return null
  return { ...(data === undefined ? {} : { data }), ...(errors ? { errors } : {}) }
}

/**
 * What stands in the text of an answer.
 *
 * @throws {TrellisError} SUBGRAPH_INVALID_RESPONSE
 */
export function readResponseText(text: string, module: string): SubgraphResponse {
  const response = parseResponse(text)
  if (!response) throw invalidResponse(module)
  return response
}

/** Null when the text is no GraphQL response. */
export function parseResponse(text: string): SubgraphResponse | null {
  return readGraphqlResponse(parseJson(text))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isErrorList(value: unknown): value is readonly GraphQLFormattedError[] {
  return Array.isArray(value) && value.every(isFormattedError)
}

function isFormattedError(value: unknown): value is GraphQLFormattedError {
  if (!isRecord(value) || typeof value.message !== 'string') return false
  const { path, extensions } = value
  const pathFits = path === undefined || path === null || (Array.isArray(path) && path.every(isPathStep))
  return pathFits && (extensions === undefined || extensions === null || isRecord(extensions))
}

function isPathStep(step: unknown): step is string | number {
  return typeof step === 'string' || typeof step === 'number'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
