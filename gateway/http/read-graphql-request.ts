import type { GraphqlRequest } from '../supergraph/graphql-request.ts'
import { RequestError } from '../supergraph/request-error.ts'

/** @throws {RequestError} BAD_REQUEST, in the words of Apollo Server where it has some */
export function readPostRequest(body: unknown): GraphqlRequest {
  if (Array.isArray(body)) throw badRequest('Operation batching disabled.')
  if (!isRecord(body) || isEmpty(body)) {
    throw badRequest('POST body missing, invalid Content-Type, or JSON object has no keys.')
  }
  const { query, operationName, variables, extensions } = body
  if (query !== undefined && query !== null && typeof query !== 'string') {
    throw badRequest('GraphQL queries must be strings.')
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw badRequest('`operationName` in a POST body must be a string if provided.')
  }
  return {
    query: query ?? undefined,
    operationName: operationName ?? undefined,
    variables: readMap(variables, 'variables'),
    extensions: readMap(extensions, 'extensions'),
  }
}

/** @param search the query string, from its `?` on */
export function readGetRequest(search: string): GraphqlRequest {
  const parameters = new URLSearchParams(search)
  return {
    query: readOnce(parameters, 'query'),
    operationName: readOnce(parameters, 'operationName'),
    variables: readJson(parameters, 'variables'),
    extensions: readJson(parameters, 'extensions'),
  }
}

function readMap(value: unknown, name: string): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined
  if (isRecord(value)) return value
  throw badRequest(
    typeof value === 'string'
      ? `\`${name}\` in a POST body should be provided as an object, not a recursively JSON-encoded string.`
      : `\`${name}\` in a POST body must be an object if provided.`,
  )
}

function readOnce(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = parameters.getAll(name)
  if (more.length > 0) throw badRequest(`The '${name}' search parameter may only be specified once.`)
  return value
}

function readJson(parameters: URLSearchParams, name: string): Record<string, unknown> | undefined {
  const text = readOnce(parameters, name)
  if (text === undefined) return undefined
  const value = parseJson(text, name)
  if (value === null) return undefined
  if (isRecord(value)) return value
  throw badRequest(`The ${name} search parameter should contain a JSON-encoded object.`)
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest(`The ${name} search parameter contains invalid JSON.`)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(record: object): boolean {
  for (const _key in record) return false
  return true
}

function badRequest(message: string): RequestError {
  return new RequestError('BAD_REQUEST', message)
}
