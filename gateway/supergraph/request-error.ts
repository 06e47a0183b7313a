import { GraphQLError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'

export type RequestErrorOptions = {
  /** @default 400 */
  status?: number
  headers?: Readonly<Record<string, string>>
}

/** What is wrong with a request before it is an operation; code and words are Apollo Server's. */
export class RequestError extends GraphQLError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: 'BAD_REQUEST' | 'PERSISTED_QUERY_NOT_FOUND',
    message: string,
    { status = 400, headers = {} }: RequestErrorOptions = {},
  ) {
    super(message, { extensions: { code } })
    this.name = 'RequestError'
    this.status = status
    this.headers = headers
  }
}

export function isSubscription(): TrellisError {
  return new TrellisError('BAD_USER_INPUT', 'Subscriptions are served over WebSocket.')
}
