import type { IncomingHttpHeaders } from 'node:http'
import type { Graph } from '../supergraph/graph.ts'
import type { HttpAnswer } from '../supergraph/graphql-request.ts'
import { negotiate } from '../supergraph/media-type.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { RequestError } from '../supergraph/request-error.ts'
import { readGetRequest, readPostRequest } from './read-graphql-request.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'

export type RawRequest = { method: string; url: string; headers: IncomingHttpHeaders; body: unknown }

/**
 * GraphQL over HTTP, as its specification has it: reads a request and has it answered.
 *
 * @throws {RequestError} BAD_REQUEST, PERSISTED_QUERY_NOT_FOUND
 */
export async function answerRequest(
  graph: Graph,
  { method, url, headers, body }: RawRequest,
  context: OperationContext,
): Promise<HttpAnswer> {
  const accepts = negotiate(headers.accept) ?? notAcceptable()
  refuseCrossSite(headers)
  if (method === 'POST') {
    const request = readPostRequest(body)
    return graph.answer(request, { method, headers, search: '', body, accepts }, context)
  }
  refuseTypeOfGet(headers['content-type'])
  const queryAt = url.indexOf('?')
  const search = queryAt < 0 ? '' : url.slice(queryAt)
  const request = readGetRequest(search)
  return graph.answer(request, { method: 'GET', headers, search, body: undefined, accepts }, context)
}

/** Before anything runs: a mutation is not carried out for an answer that nobody can read. */
function notAcceptable(): never {
  throw new RequestError(
    'BAD_REQUEST',
    'The accept header allows neither application/graphql-response+json nor application/json.',
    { status: 406 },
  )
}

function refuseTypeOfGet(contentType: string | undefined): void {
  if (contentType === undefined || /^\s*application\/json\s*(;|$)/i.test(contentType)) return
  throw new RequestError(
    'BAD_REQUEST',
    'GET requests may not have a content-type header other than application/json.',
    { status: 415 },
  )
}
