/** A wake-up for one waiter. Wakes that come while nobody waits are one wake-up for the next wait: none is missed. */
export type Wakeup = {
  wake(): void
  /** Resolves when woken, after `ms`, or with the signal; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export function createWakeup(): Wakeup {
  let woken = false
  let release = () => {
    woken = true
  }
  const latch = release
  return {
    wake: () => release(),
    wait(ms, signal) {
      if (woken || signal.aborted) {
        woken = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', end)
          release = latch
          resolve()
        }
        const timer = setTimeout(end, ms)
        signal.addEventListener('abort', end)
        release = end
      })
    },
  }
}
