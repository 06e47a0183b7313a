/** One entry into an isolate. Resolves with the CPU time it used, milliseconds; never rejects. */
export type Turn = () => Promise<number>

/**
 * The turns of all isolates of one client: one at a time, first come first served, and held to a CPU time that all of
 * them share in a second. A loop is waited for by its own client and by nobody else.
 */
export type ClientTurns = {
  take(turn: Turn): void
  /** How many wait, the one under way among them. */
  waiting(): number
  /** When the one under way is over. */
  underWay(): Promise<unknown>
}

/**
 * @param cpuMsPerSecond a turn begins while there is some left, and may take more than that: the next ones pay for it
 * @param run runs a turn once it is this client's: at once, or when those of others allow it
 */
export function createClientTurns(
  cpuMsPerSecond: () => number,
  run: (turn: Turn) => Promise<number> = (turn) => turn(),
): ClientTurns {
  const queue: Turn[] = []
  let isRunning = false
  let current: Promise<number> = Promise.resolve(0)
  let leftMs = cpuMsPerSecond()
  let countedAt = performance.now()

  function msUntilAllowed(): number {
    const now = performance.now()
    const perMs = cpuMsPerSecond() / 1000
    leftMs = Math.min(cpuMsPerSecond(), leftMs + (now - countedAt) * perMs)
    countedAt = now
    return leftMs > 0 ? 0 : Math.ceil((1 - leftMs) / perMs)
  }

  async function runAll(): Promise<void> {
    isRunning = true
    for (let turn = queue[0]; turn; turn = queue[0]) {
      for (let wait = msUntilAllowed(); wait > 0; wait = msUntilAllowed())
        await new Promise((allowed) => setTimeout(allowed, wait))
      current = run(turn)
      leftMs -= await current
      queue.shift()
    }
    isRunning = false
  }

  return {
    take(turn) {
      queue.push(turn)
      if (!isRunning) void runAll()
    },
    waiting: () => queue.length,
    underWay: () => current,
  }
}
