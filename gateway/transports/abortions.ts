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
 *
 * They are kept with the signal, and not in a WeakMap: the garbage collector takes the values of one that has grown old
 * for living until it next looks through everything, and behind these values stand whole operations (docs/adr/0108).
 */
export function createAbortions(): Abortions {
  const ended = Symbol('calls that end with this signal')
  type Signal = AbortSignal & { [ended]?: Set<OnAbort> }
  return {
    start(signal: Signal, onAbort) {
      const known = signal[ended]
      if (known) return void known.add(onAbort)
      const calls = new Set([onAbort])
      signal[ended] = calls
      signal.addEventListener('abort', () => {
        for (const end of calls) end(signal.reason)
      })
    },
    end(signal: Signal, onAbort) {
      signal[ended]?.delete(onAbort)
    },
  }
}
