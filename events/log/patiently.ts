import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { abortable } from '../abortable.ts'
import { createWakeup } from '../wakeup.ts'

export type Patience = { /** What is tried, in log lines. */ what: string; signal: AbortSignal; log: Log }

/**
 * Tries again, with backoff, until it succeeds: a database that is away is waited for. It must do no harm to try twice.
 *
 * @returns null when the signal came first
 * @throws {TrellisError} as it is thrown: an answer, and no failure
 */
export async function patiently<T>(
  { what, signal, log }: Patience,
  attempt: () => Promise<T>,
): Promise<T | null> {
  const pause = createWakeup()
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      return await abortable(attempt(), signal)
    } catch (error) {
      if (signal.aborted) break
      if (error instanceof TrellisError) throw error
      log.warn({ err: error, tries }, `${what} failed; trying again`)
      await pause.wait(Math.min(2_000, 50 * 2 ** tries), signal)
    }
  }
  return null
}
