import { TrellisError } from '../../foundation/errors.ts'

// What a client may know of a module it could not reach: its name. Addresses and causes are for the log (`originalError`).

export function unavailable(module: string, cause?: unknown): TrellisError {
  return new TrellisError('SUBGRAPH_UNAVAILABLE', `The module "${module}" cannot be reached.`, {
    originalError: cause instanceof Error ? cause : null,
  })
}

export function timedOut(module: string): TrellisError {
  return new TrellisError('SUBGRAPH_TIMEOUT', `The module "${module}" did not answer in time.`)
}

export function invalidResponse(module: string): TrellisError {
  return new TrellisError(
    'SUBGRAPH_INVALID_RESPONSE',
    `The module "${module}" answered something that is not GraphQL.`,
  )
}

export function interrupted(module: string): TrellisError {
  return new TrellisError(
    'SUBSCRIPTION_INTERRUPTED',
    `The module "${module}" went away; subscribe again with the last cursor.`,
  )
}
