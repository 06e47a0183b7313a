import { ApolloServerErrorCode } from '@apollo/server/errors'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../foundation/errors.ts'
import type { Log } from '../foundation/log.ts'
import { answerOfFailure } from '../prisma/database-outage.ts'

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError

/** What is wrong with a request is said as GraphQL says it; these messages are made from the request alone. */
const requestErrorCodes: ReadonlySet<unknown> = new Set(Object.values(ApolloServerErrorCode)).difference(
  new Set([ApolloServerErrorCode.INTERNAL_SERVER_ERROR]),
)

/** Errors made for the caller pass as they are; of any other the caller learns the path, and whether to try again; the log learns everything. */
export function createErrorFormat(log: Log): FormatError {
  return (formatted, error) => {
    if (isMadeForCaller(error) || requestErrorCodes.has(formatted.extensions?.code)) return formatted
    const failure = thrownError(error)
    log.error({ err: failure, path: formatted.path?.join('.') }, 'a resolver failed')
    const { message, extensions } = answerOfFailure(failure)
    return {
      message,
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
      extensions,
    }
  }
}

/** Whether it was thrown as an answer; any other is a failure of ours. */
export function isMadeForCaller(error: unknown): boolean {
  return thrownError(error) instanceof TrellisError
}

/** graphql-js wraps what a resolver throws, to add the path; an error of ours may have a cause of its own, which stays inside. */
function thrownError(error: unknown): unknown {
  if (error instanceof TrellisError) return error
  return (error instanceof GraphQLError && error.originalError) || error
}
