import { setTimeout as delay } from 'node:timers/promises'
import { interrupted } from '../transports/transport-errors.ts'

/** How long a subscription whose module is away is waited with. */
export type Patience = {
  /**
   * Waits before the next attempt: not at all at first, then longer each time, spread so that many do not come at once.
   *
   * @throws {TrellisError} SUBSCRIPTION_INTERRUPTED once the attempts have gone on for too long; the signal's reason
   */
  beforeAttempt(module: string, signal: AbortSignal): Promise<void>
  /** The module is there: the next loss is a new one. */
  restored(): void
}

/** Between attempts, in milliseconds. */
const firstPause = 50
const longestPause = 2_000

/** @param withinMs for how long it is tried again after a loss */
export function createPatience(withinMs: number): Patience {
  let lostAt: number | null = null
  let attempts = 0
  return {
    async beforeAttempt(module, signal) {
      lostAt ??= Date.now()
      if (Date.now() - lostAt > withinMs) throw interrupted(module)
      const pause = attempts === 0 ? firstPause : Math.min(longestPause, firstPause * 2 ** attempts)
      attempts += 1
      await delay(pause * Math.random(), undefined, { signal })
    },
    restored() {
      lostAt = null
      attempts = 0
    },
  }
}
