import type { PositionedEvent } from '../event-row.ts'

export type EventFilter = { client: string; types: readonly string[] }

/** The event found, if any, and the position up to which everything has been seen. */
export type Pulled = { event: PositionedEvent | null; position: number }

export type SizedEvent = PositionedEvent & { /** Characters of its data. */ size: number }

/** The last events of a log, without gaps, bounded by number and by size. */
export type LogWindow = {
  latest(): number
  /** @returns false when they do not follow what is here, which is then forgotten */
  add(events: readonly SizedEvent[]): boolean
  /** The first event after `position` that passes; null when the window does not reach back that far. */
  pull(position: number, filter: EventFilter): Pulled | null
}

export type LogWindowLimits = { maxEvents: number; maxSize: number }

const defaultLimits: LogWindowLimits = { maxEvents: 1_000, maxSize: 8_000_000 }

/** @param start the position before the first event that will be added */
export function createLogWindow(start: number, limits: LogWindowLimits = defaultLimits): LogWindow {
  let events: SizedEvent[] = []
  let size = 0
  /** The position before the first event of the window, and its last one. */
  let before = start
  let latest = start

  function trim(): void {
    let surplus = Math.max(0, events.length - limits.maxEvents)
    for (const event of events.slice(0, surplus)) size -= event.size
    while (size > limits.maxSize && surplus < events.length) size -= events[surplus++]?.size ?? 0
    if (surplus === 0) return
    events = events.slice(surplus)
    before += surplus
  }

  return {
    latest: () => latest,
    add(added) {
      const first = added[0]
      const last = added.at(-1)
      if (!first || !last) return true
      const follows = first.position === latest + 1
      if (!follows) {
        events = []
        size = 0
        before = first.position - 1
      }
      events = events.concat(added)
      for (const event of added) size += event.size
      latest = last.position
      trim()
      return follows
    },
    pull(position, { client, types }) {
      if (position < before) return null
      for (let index = position - before; index < events.length; index++) {
        const event = events[index]
        if (event && event.event.client === client && types.includes(event.event.type)) {
          return { event, position: event.position }
        }
      }
      return { event: null, position: Math.max(position, latest) }
    },
  }
}
