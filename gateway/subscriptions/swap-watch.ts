/** Swaps of a subscription's generation, heard also while it waits for an event. */
export type SwapWatch = {
  /** What the promise resolves with; or null, when there has been a swap since it was last told of one. One waits at a time. */
  orSwap<Value>(promise: Promise<Value>): Promise<Value | null>
  stop(): void
}

/** No `Promise.race`: each would leave a reaction behind with whatever outlives it. */
export function createSwapWatch(onSwap: (listener: () => void) => () => void): SwapWatch {
  let isDue = false
  let wake = () => undefined as unknown
  const stop = onSwap(() => {
    isDue = true
    wake()
  })
  return {
    stop,
    async orSwap<Value>(promise: Promise<Value>) {
      const value = await new Promise<Value | null>((resolve, reject) => {
        promise.then(resolve, reject)
        // An event that is there already is answered first.
        wake = () => setImmediate(() => resolve(null))
        if (isDue) wake()
      })
      if (value === null) isDue = false
      return value
    },
  }
}
