import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import { RequestError } from './request-error.ts'

/** The status of an answer that is nothing but this error. */
export function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status
  if (error instanceof TrellisError) return errorCatalogue[error.code].status
  return codeOf(error) === undefined ? 500 : 400
}

/**
 * What is wrong with the document or the variables keeps status 200 for a caller who asks for `application/json` by
 * name (GraphQL over HTTP §6.4.1); a request that is none does not.
 */
export function isAboutOperation(status: number, code: unknown): boolean {
  return status === 400 && code !== 'BAD_REQUEST'
}

/** Errors that carry a code are graphql-js' and the planner's, about the document. */
function codeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('extensions' in error)) return undefined
  const { extensions } = error
  return typeof extensions === 'object' && extensions !== null && 'code' in extensions
    ? extensions.code
    : undefined
}
