/** What is called when its time is over. */
export type Deadline = { at: number; onLate: () => void }

export type Deadlines = {
  start(onLate: () => void): Deadline
  end(deadline: Deadline): void
}

/**
 * Many deadlines of one length on one timer: those that begin first end first, so only the oldest has to be waited for.
 * A timer for each call costs more than the rest of it.
 */
export function createDeadlines(ms: number): Deadlines {
  const running = new Set<Deadline>()
  let timer: NodeJS.Timeout | null = null

  const arm = () => {
    const [oldest] = running
    // What runs keeps the process alive by its connection; the timer outlives it until the next call, or its own time.
    timer = oldest ? setTimeout(expire, Math.max(1, oldest.at - performance.now())).unref() : null
  }
  const expire = () => {
    for (const deadline of running) {
      if (deadline.at > performance.now()) break
      running.delete(deadline)
      deadline.onLate()
    }
    arm()
  }
  return {
    start(onLate) {
      const deadline = { at: performance.now() + ms, onLate }
      running.add(deadline)
      if (!timer) arm()
      return deadline
    },
    end(deadline) {
      running.delete(deadline)
    },
  }
}
