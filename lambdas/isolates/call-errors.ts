import { TrellisError } from '../../foundation/errors.ts'
import type { IsolateLimits } from './isolate-limits.ts'
import { LambdaFailure } from './lambda-failure.ts'

// What ends a call that met a limit; the codes are public, docs/errors.md.

export function tooLarge({ payloadChars }: IsolateLimits): TrellisError {
  return new TrellisError(
    'LAMBDA_RESULT_TOO_LARGE',
    `A lambda returns at most ${payloadChars} characters of JSON.`,
  )
}

export function tooManyQuestions({ hostCalls }: IsolateLimits): TrellisError {
  return new TrellisError('LAMBDA_HOST_CALLS_EXCEEDED', `One call may ask the platform ${hostCalls} times.`)
}

export function tooLong(wallMs: number): TrellisError {
  return new TrellisError('LAMBDA_TIMEOUT', `A lambda has ${wallMs} ms to answer.`)
}

export function overloaded(): TrellisError {
  return new TrellisError(
    'LAMBDA_OVERLOADED',
    "This client's lambdas have used up their CPU time, and too many calls wait for more of it.",
  )
}

export function outOfMemory(): TrellisError {
  return new TrellisError('LAMBDA_MEMORY_EXCEEDED', 'The lambda used more memory than it may.')
}

export function endedByAnother(): TrellisError {
  return new TrellisError('LAMBDA_UNAVAILABLE', 'Another call ended the isolate.')
}

/** An author's own. */
export function thrown(error: unknown): LambdaFailure {
  if (!(error instanceof Error)) return new LambdaFailure(String(error), '')
  return new LambdaFailure(error.message, String(error.stack))
}
