import { AnswerTooLarge, CallTimedOut, MalformedAnswer } from './http-failures.ts'

export type Instances = {
  /** Where an instance is; undefined when there is none. Asked before every call. */
  endpoint: () => string | undefined
  /** Told of an instance that could not be reached, or that went away in the middle of a call. @default nobody is */
  onUnreachable?: ((url: string) => void) | undefined
}

/** Of an instance that is there, or of the request itself. */
const ownFailures = [CallTimedOut, AnswerTooLarge, MalformedAnswer, TypeError]

/** There is nobody to call. */
export class NoInstance extends Error {
  override name = 'NoInstance'
}

/**
 * Calls an instance. Where it turns out to be away, another one is called instead, once: with what may be repeated, and with
 * what the first one cannot have taken because nobody listened there.
 *
 * @throws {NoInstance}
 * @throws what the call throws
 */
export async function reachInstance<Answer>(
  { endpoint, onUnreachable = () => undefined }: Instances,
  call: (url: string) => Promise<Answer>,
  { isRepeatable, signal }: { isRepeatable: boolean; signal: AbortSignal },
): Promise<Answer> {
  const first = endpoint()
  if (first === undefined) throw new NoInstance('There is no instance.')
  try {
    return await call(first)
  } catch (error) {
    if (signal.aborted || !isUnreachable(error)) throw error
    onUnreachable(first)
    const second = endpoint()
    if (second === undefined || second === first || !(isRepeatable || wasRefused(error))) throw error
    return call(second)
  }
}

function isUnreachable(error: unknown): boolean {
  return !ownFailures.some((failure) => error instanceof failure)
}

function wasRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
