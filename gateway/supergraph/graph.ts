import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql'
import type { Answers } from '../subscriptions/read-group.ts'
import type { Resume } from '../subscriptions/subscribe-operation.ts'
import type { GraphqlRequest, HttpAnswer, HttpRequest } from './graphql-request.ts'
import type { OperationContext } from './operation-context.ts'

/** Queries and mutations. */
export type Answering = {
  /** Over HTTP; errors are answers. */
  answer(request: GraphqlRequest, http: HttpRequest, context: OperationContext): Promise<HttpAnswer>
  /**
   * Over anything else. Errors are not yet shown or hidden.
   *
   * @throws {RequestError} BAD_REQUEST, PERSISTED_QUERY_NOT_FOUND
   */
  execute(request: GraphqlRequest, context: OperationContext): Promise<ExecutionResult>
}

/** What a viewer's operations run on: a generation of the client's supergraph, or the control graph. */
export type Graph = Answering & {
  schema: GraphQLSchema
  /** Takes leases of its own, one for each event. */
  subscribe(request: SubscribeRequest, context: OperationContext): Promise<Subscribed>
}

export type SubscribeRequest = {
  /** Valid in `schema`. */
  document: DocumentNode
  operationName: string | undefined
  variables: Readonly<Record<string, unknown>>
  /** To go on after, instead of what the operation says. */
  resume?: Resume | undefined
}

/** Answers as they are pulled, or the one that says why there are none. */
export type Subscribed = Answers | ExecutionResult
