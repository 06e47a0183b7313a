/** Called with the signal's reason. */
type OnAbort = (reason: unknown) => void

export type Abortions = {
  /** @param signal not aborted yet */
  start(signal: AbortSignal, onAbort: OnAbort): void
  end(signal: AbortSignal, onAbort: OnAbort): void
}

/**
 * Many calls that end with the same signal, as those of one operation do, share one listener: to add one to a signal and
 * to remove it costs as much as to write a request.
 */
export function createAbortions(): Abortions {
  const bySignal = new WeakMap<AbortSignal, Set<OnAbort>>()
  return {
    start(signal, onAbort) {
      const known = bySignal.get(signal)
      if (known) return void known.add(onAbort)
      const calls = new Set([onAbort])
      bySignal.set(signal, calls)
      signal.addEventListener('abort', () => {
        for (const end of calls) end(signal.reason)
      })
    },
    end(signal, onAbort) {
      bySignal.get(signal)?.delete(onAbort)
    },
  }
}
