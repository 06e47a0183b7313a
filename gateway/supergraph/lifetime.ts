import type { OperationTypeNode } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'

/** No operation lasts longer; a generation that was swapped out is closed by then. In milliseconds. */
export const operationTimeoutMs = 30_000

/**
 * Runs an operation with a signal that ends it: when its time is up, and, for a query, when its caller is gone. A
 * mutation goes on without its caller: half of it may have happened.
 *
 * One controller and one timer that is cleared: `AbortSignal.timeout` and `any` cost more than the rest of a small
 * operation (docs/adr/0074).
 *
 * @throws {TrellisError} OPERATION_TIMEOUT, as the signal's reason
 */
export async function withinLifetime<Result>(
  operation: OperationTypeNode,
  disconnected: AbortSignal,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(timedOut()), operationTimeoutMs)
  const leave = () => ending.abort(disconnected.reason)
  if (operation !== 'mutation') {
    if (disconnected.aborted) leave()
    else disconnected.addEventListener('abort', leave)
  }
  try {
    return await run(ending.signal)
  } finally {
    clearTimeout(timer)
    disconnected.removeEventListener('abort', leave)
  }
}

function timedOut(): TrellisError {
  return new TrellisError('OPERATION_TIMEOUT', 'The operation took longer than an operation may.')
}
