import type { HttpAnswer } from './http-answer-parser.ts'
import { parseResponse, readResponseText } from './read-graphql-response.ts'
import type { SubgraphRequest, SubgraphResponse } from './subgraph-fetch.ts'
import { invalidResponse, unavailable } from './transport-errors.ts'

const graphqlType = 'application/graphql-response+json'
const jsonType = 'application/json'

/** What was asked of the subgraph in `accept`. */
export const acceptedTypes = `${graphqlType}, ${jsonType}`

/**
 * The GraphQL response in an HTTP answer, by the rules of GraphQL over HTTP: `application/graphql-response+json` is one
 * whatever its status. `application/json` with another status than 2xx may be anybody's, a proxy's for one: its errors
 * count if they are GraphQL errors, its data never.
 *
 * @throws {TrellisError} SUBGRAPH_INVALID_RESPONSE, SUBGRAPH_UNAVAILABLE
 */
export function readHttpAnswer(
  { status, headers, text, isAscii }: HttpAnswer,
  module: string,
  { wantsText }: Pick<SubgraphRequest, 'wantsText'>,
): SubgraphResponse {
  // None was asked for, and what is small when it is packed may be large when it is not.
  if (!isPlain(headers.get('content-encoding'))) throw invalidResponse(module)
  const type = mediaTypeOf(headers.get('content-type'))
  const isSuccess = status >= 200 && status < 300
  if (type === graphqlType || (type === jsonType && isSuccess)) {
    return wantsText && isSuccess ? { text, isAscii } : readResponseText(text, module)
  }
  const noAnswer = status >= 502 && status <= 504 ? unavailable(module) : invalidResponse(module)
  const errors = type === jsonType ? parseResponse(text)?.errors : undefined
  if (!errors?.length) throw noAnswer
  return { errors }
}

function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity'
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  if (contentType === jsonType || contentType === graphqlType) return contentType
  return contentType?.split(';', 1)[0]?.trim().toLowerCase()
}
