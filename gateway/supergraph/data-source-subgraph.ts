import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { readGraphqlResponse } from '../transports/read-graphql-response.ts'
import type { Caller, Subgraph, SubgraphRequest } from '../transports/subgraph-fetch.ts'
import { invalidResponse, unavailable } from '../transports/transport-errors.ts'

/**
 * A subgraph behind a data source of Apollo's gateway, such as a team's own `RemoteGraphQLDataSource` with its hooks. Data
 * sources know neither subscriptions nor signals: a call that nobody waits for any more runs to its end.
 */
export function createDataSourceSubgraph(name: string, dataSource: GraphQLDataSource): Subgraph {
  return {
    async fetch(request, signal) {
      const answer = await untilAborted(process(dataSource, request, name), signal)
      const response = readGraphqlResponse(answer)
      if (!response) throw invalidResponse(name)
      return response
    },
    subscribe() {
      throw new TrellisError('SUBGRAPH_UNAVAILABLE', `The module "${name}" has no subscriptions.`)
    },
  }
}

async function process(
  dataSource: GraphQLDataSource,
  { document, operationName, variables, caller }: SubgraphRequest,
  name: string,
): Promise<unknown> {
  try {
    const { data, errors } = await dataSource.process(
      toProcessOptions({ query: document, operationName, variables }, caller),
    )
    return { data, ...(errors && { errors: errors.map(plain) }) }
  } catch (error) {
    if (error instanceof GraphQLError) return { data: null, errors: [withoutResponse(error)] }
    throw unavailable(name, error)
  }
}

/** The kind of request is an enumeration of a package that is not needed at run time, and so is its value's type. */
function toProcessOptions(
  {
    query,
    operationName,
    variables,
  }: { query: string; operationName: string | undefined; variables: object },
  { incoming, headers = {}, traceparent }: Caller,
): GraphQLDataSourceProcessOptions {
  const request = { query, variables: { ...variables }, ...(operationName && { operationName }) }
  const incomingRequestContext = incoming ?? { request, context: { headers, traceparent } }
  const { context } = incomingRequestContext as { context: Record<string, unknown> }
  return {
    kind: 'incoming operation',
    request,
    incomingRequestContext,
    context,
  } as unknown as GraphQLDataSourceProcessOptions
}

function plain(error: GraphQLFormattedError): GraphQLFormattedError {
  return error instanceof GraphQLError ? error.toJSON() : error
}

/** Apollo's data source puts address and body of a failed answer into its error: neither is for the client. */
function withoutResponse(error: GraphQLError): GraphQLFormattedError {
  const { response: _response, serviceName: _serviceName, ...extensions } = error.extensions
  return { message: error.message, extensions }
}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
