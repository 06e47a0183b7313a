import { TrellisError } from '../foundation/errors.ts'

/**
 * A database cannot be reached, went away meanwhile, has no room, or does not answer in time. Without a code: the database client
 * would rewrite it.
 */
export class DatabaseOutage extends Error {
  constructor(cause: unknown) {
    super('The database cannot be reached, or does not answer in time.', { cause })
    this.name = 'DatabaseOutage'
  }
}

/** As the database client says of a transaction that could not begin, or ran out of its time: nothing of it was done. */
const transactionWithoutTime = 'P2028'

/** Whether it was the database's absence, or its load, and nothing that it was asked. */
export function isOutage(error: unknown): error is Error {
  if (error instanceof DatabaseOutage) return true
  return Error.isError(error) && 'code' in error && error.code === transactionWithoutTime
}

/** What callers hear of a failure of ours. */
export function answerOfFailure(failure: unknown): TrellisError {
  if (!isOutage(failure)) return new TrellisError('INTERNAL_SERVER_ERROR', 'Internal error.')
  return new TrellisError('DATABASE_UNAVAILABLE', 'The database does not answer; try again in a moment.', {
    originalError: failure,
  })
}
