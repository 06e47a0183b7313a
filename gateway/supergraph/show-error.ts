import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Log } from '../../foundation/log.ts'
import { formatError, isFault } from './format-error.ts'

/** How an error is shown to the caller where Apollo Server does not do it. What is not shown is logged. */
export type ShowError = (error: unknown) => GraphQLFormattedError

export function createShowError(log: Log): ShowError {
  return (error) => {
    const formatted = formatError(
      error instanceof GraphQLError ? error.toJSON() : { message: '', ...asObject(error) },
      error,
    )
    if (isFault(formatted, error)) log.error({ err: error }, 'an operation failed')
    return formatted
  }
}

/** What Apollo Server has formatted passes a second time unchanged. */
function asObject(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : {}
}
