import { unwrapResolverError } from '@apollo/server/errors'
import type { GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { callerGone } from './caller-gone.ts'

const masked = 'INTERNAL_SERVER_ERROR'

/**
 * The last gate before the caller. An error that carries a code was made for their eyes, by us, by graphql-js and
 * Apollo Server about the request, or by a subgraph about its own field: it passes. All others become
 * INTERNAL_SERVER_ERROR without a word of what happened. Path and locations stay.
 *
 * @param formatted how the error would be sent; its code is INTERNAL_SERVER_ERROR where the error has none
 * @param error the error itself, possibly wrapped by an executor
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = unwrapResolverError(error)
  if (original instanceof TrellisError && original.code !== masked) {
    // `http` is for Apollo Server, which sets the status by it; callers have the status already.
    const { http: _status, ...extensions } = original.extensions
    return { ...formatted, message: original.message, extensions }
  }
  const code = formatted.extensions?.code ?? masked
  if (code !== masked) return formatted
  return { ...formatted, message: 'Something went wrong on our side.', extensions: { code: masked } }
}

/** What the caller does not see somebody has to, unless there is no caller any more. */
export function isFault({ extensions }: GraphQLFormattedError, error: unknown): boolean {
  return extensions?.code === masked && unwrapResolverError(error) !== callerGone
}
