import type { PlatformEvent } from '../catalogue/platform-event.ts'
import type { PositionedEvent } from '../event-row.ts'

export type NewestRequest = {
  after: number
  upTo: number
  about(event: PlatformEvent): string
  /** @returns the next events, and the position up to which there are no others; null when it is time to stop */
  read(after: number): Promise<{ events: readonly PositionedEvent[]; position: number } | null>
  passes(event: PositionedEvent): Promise<boolean>
}

/** So many things at once: a reader who comes back after days must not be a list of all that changed. */
const maxThings = 1_000

/**
 * The newest event about each thing, in the order of their positions: whoever goes on behind one of them misses nothing,
 * and is told nothing again.
 */
export async function newestOfEach({ after, upTo, about, read, passes }: NewestRequest) {
  // A map is in the order in which its keys came: a thing that changes again goes to the end.
  const newest = new Map<string, PositionedEvent>()
  let position = after
  while (position < upTo && newest.size < maxThings) {
    const found = await read(position)
    if (!found) break
    for (const event of found.events) {
      if (!(await passes(event))) continue
      const thing = about(event.event)
      newest.delete(thing)
      newest.set(thing, event)
    }
    position = found.position
  }
  return { newest: [...newest.values()], position }
}
