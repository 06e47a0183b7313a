/**
 * What may have been served when. A change begins with its call and is there with its answer; in between it is either.
 * Times are those of `performance.now()`.
 */
export type Timeline<State> = {
  /** Makes the change, and notes when. Answers how long it took, in milliseconds. */
  change(next: State, make: () => Promise<void>): Promise<number>
  /** All that may have been served at some time from then until now. */
  since(start: number): State[]
  current(): State
}

export function createTimeline<State>(first: State): Timeline<State> {
  const periods: { state: State; from: number; until: number }[] = [
    { state: first, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
  ]
  const last = () => {
    const period = periods.at(-1)
    if (!period) throw new Error('A timeline has a beginning.')
    return period
  }
  return {
    async change(next, make) {
      const before = last()
      const from = performance.now()
      periods.push({ state: next, from, until: Number.POSITIVE_INFINITY })
      await make()
      before.until = performance.now()
      return before.until - from
    },
    since: (start) => periods.filter(({ until }) => until >= start).map(({ state }) => state),
    current: () => last().state,
  }
}
