/** How many may work at once; the others wait in line. */
export type Turns = {
  /** @returns gives the turn back, also when called again; null when the signal came first */
  take(signal: AbortSignal): Promise<(() => void) | null>
}

export function createTurns(most: number): Turns {
  let free = most
  const line = new Set<() => void>()

  function next(): void {
    const [first] = line
    if (!first) {
      free += 1
      return
    }
    line.delete(first)
    first()
  }
  function turn(): () => void {
    let isTaken = true
    return () => {
      if (isTaken) next()
      isTaken = false
    }
  }

  return {
    async take(signal) {
      if (signal.aborted) return null
      if (free > 0) {
        free -= 1
        return turn()
      }
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const called = () => resolve(true)
      const leave = () => {
        if (line.delete(called)) resolve(false)
      }
      line.add(called)
      signal.addEventListener('abort', leave, { once: true })
      const hasTurn = await promise
      signal.removeEventListener('abort', leave)
      return hasTurn ? turn() : null
    },
  }
}
