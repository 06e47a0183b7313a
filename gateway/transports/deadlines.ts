/** What is called when its time is over. Opaque; part of a ring of all that run. */
export type Deadline = { at: number; onLate: () => void; before: Deadline | null; after: Deadline | null }

export type Deadlines = {
  start(onLate: () => void): Deadline
  end(deadline: Deadline): void
}

/**
 * Many deadlines of one length on one timer: those that begin first end first, so only the oldest has to be waited for.
 * A timer for each call costs more than the rest of it.
 *
 * They are a list whose links are cut as they end, and not a Set: a Set that grows and shrinks leaves each of its former
 * tables to hold the next one and all that it held itself, and once one table has come into the old generation, all that
 * follow are carried after it, with the whole operation behind every call (docs/adr/0108).
 */
export function createDeadlines(ms: number): Deadlines {
  const ring = emptyRing()
  let timer: NodeJS.Timeout | null = null

  const arm = () => {
    const oldest = ring.after === ring ? null : ring.after
    // What runs keeps the process alive by its connection; the timer outlives it until the next call, or its own time.
    timer = oldest ? setTimeout(expire, Math.max(1, oldest.at - performance.now())).unref() : null
  }
  const expire = () => {
    for (let { after } = ring; after && after !== ring && after.at <= performance.now(); after = ring.after) {
      unlink(after)
      after.onLate()
    }
    arm()
  }
  return {
    start(onLate) {
      const deadline: Deadline = { at: performance.now() + ms, onLate, before: ring.before, after: ring }
      if (ring.before) ring.before.after = deadline
      ring.before = deadline
      if (!timer) arm()
      return deadline
    },
    end: unlink,
  }
}

/** Its only member stands before the first and after the last. */
function emptyRing(): Deadline {
  const ring: Deadline = { at: 0, onLate: () => undefined, before: null, after: null }
  ring.before = ring
  ring.after = ring
  return ring
}

/** Does nothing for one that has ended. */
function unlink(deadline: Deadline): void {
  const { before, after } = deadline
  if (before) before.after = after
  if (after) after.before = before
  deadline.before = null
  deadline.after = null
}
