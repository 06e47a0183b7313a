/** So many at once, first come first served. */
export type Slots = {
  /** @returns false when the signal came first */
  acquire(signal: AbortSignal): Promise<boolean>
  release(): void
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()
  return {
    acquire(signal) {
      if (signal.aborted) return Promise.resolve(false)
      if (free > 0) {
        free -= 1
        return Promise.resolve(true)
      }
      return new Promise((resolve) => {
        const settle = (acquired: boolean) => {
          waiting.delete(admit)
          signal.removeEventListener('abort', abandon)
          resolve(acquired)
        }
        const admit = () => settle(true)
        const abandon = () => settle(false)
        waiting.add(admit)
        signal.addEventListener('abort', abandon)
      })
    },
    release() {
      const [next] = waiting
      if (next) next()
      else free += 1
    },
  }
}
