/** Called with the signal's reason. */
type OnAbort = (reason: unknown) => void

/**
 * Many calls that end with the same signal, as those of one operation do, share one listener: to add one to a signal and
 * to remove it costs as much as to write a request. The listener stays with the signal, and a subscription's outlives
 * many generations with clients of their own: one for all of them.
 */
const callsOf = new WeakMap<AbortSignal, Set<OnAbort>>()

/** @param signal not aborted yet */
export function endWith(signal: AbortSignal, onAbort: OnAbort): void {
  const known = callsOf.get(signal)
  if (known) return void known.add(onAbort)
  const calls = new Set([onAbort])
  callsOf.set(signal, calls)
  signal.addEventListener('abort', () => {
    for (const end of calls) end(signal.reason)
  })
}

/** The call is over. */
export function leave(signal: AbortSignal, onAbort: OnAbort): void {
  callsOf.get(signal)?.delete(onAbort)
}
