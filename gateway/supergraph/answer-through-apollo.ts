import { type ApolloServer, HeaderMap } from '@apollo/server'
import type { ExecutionResult } from 'graphql'
import type { Answering } from './graph.ts'
import type { HttpRequest } from './graphql-request.ts'
import type { OperationContext } from './operation-context.ts'
import { readHash } from './persisted-queries.ts'

/** Answers through Apollo Server, with whatever plugins it has. */
export function createApolloAnswering(apollo: ApolloServer<OperationContext>): Answering {
  return {
    async answer(request, http, context) {
      // Apollo Server's own words for a hash that does not fit carry no code.
      readHash(request)
      const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toApolloRequest(http),
        context: async () => context,
      })
      if (body.kind === 'chunked') throw answerInParts()
      return {
        status: status ?? 200,
        headers: { 'cache-control': 'no-store', ...Object.fromEntries(headers) },
        body: body.string,
      }
    },
    async execute({ query, operationName, variables, extensions }, contextValue) {
      const { body } = await apollo.executeOperation(
        {
          ...(query !== undefined && { query }),
          ...(operationName !== undefined && { operationName }),
          ...(variables && { variables }),
          ...(extensions && { extensions }),
        },
        { contextValue },
      )
      if (body.kind !== 'single') throw answerInParts()
      return body.singleResult as ExecutionResult
    },
  }
}

function toApolloRequest({ method, headers, search, body }: HttpRequest) {
  const headerMap = new HeaderMap()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) headerMap.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return { method, headers: headerMap, search, body }
}

function answerInParts(): Error {
  return new Error('An answer in parts: the executor has no incremental delivery.')
}
