/** What a source gives next: an event (or its end), or, where there has been none for a while, word of where it stands. */
export type EventOrPlace = { event: IteratorResult<unknown> } | { place: string }

type Arrival = { event: IteratorResult<unknown> } | { error: unknown }

/**
 * First where the source begins; then its events, and while there are none, its place whenever it has moved on. Who goes
 * on from there later is not refused because of events that were not for him.
 *
 * @param place where the source stands: before the first event that it has not given
 * @throws from what it returns, as the source does
 */
export function withPlaces(
  source: AsyncIterator<unknown>,
  place: () => string,
  everyMs: number,
): () => Promise<EventOrPlace> {
  let told: string | undefined
  let isAsked = false
  let arrived: Arrival | undefined
  let wake = () => {
    // Nobody waits yet.
  }
  const arrive = (arrival: Arrival) => {
    arrived = arrival
    wake()
  }
  const ask = () => {
    isAsked = true
    source.next().then(
      (event) => arrive({ event }),
      (error) => arrive({ error }),
    )
  }
  /** Resolves with the event, and at the latest when it is time to look at the place. */
  const wait = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    const timer = setTimeout(resolve, everyMs)
    await promise
    clearTimeout(timer)
  }

  return async () => {
    if (told === undefined) {
      told = place()
      return { place: told }
    }
    if (!isAsked) ask()
    while (!arrived) {
      await wait()
      const now = place()
      if (arrived || now === told) continue
      told = now
      return { place: now }
    }
    const arrival: Arrival = arrived
    arrived = undefined
    isAsked = false
    if ('error' in arrival) throw arrival.error
    return arrival
  }
}
