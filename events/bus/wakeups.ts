import { createWakeup, type Wakeup } from '../wakeup.ts'

/** One piece of news for many who wait. */
export type Wakeups = {
  join(): Wakeup
  leave(wakeup: Wakeup): void
  wakeAll(): void
  /** Resolves with the next news, after `ms`, or with the signal. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export function createWakeups(): Wakeups {
  const joined = new Set<Wakeup>()
  return {
    join() {
      const wakeup = createWakeup()
      joined.add(wakeup)
      return wakeup
    },
    leave: (wakeup) => {
      joined.delete(wakeup)
    },
    wakeAll() {
      for (const wakeup of joined) wakeup.wake()
    },
    async wait(ms, signal) {
      const wakeup = createWakeup()
      joined.add(wakeup)
      await wakeup.wait(ms, signal)
      joined.delete(wakeup)
    },
  }
}
