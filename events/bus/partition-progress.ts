import type { PlatformEvent } from '../catalogue/platform-event.ts'
import type { Burial, HeldEvent, Lease, Position, Settlement } from './bus-store.ts'

/** An event in hand, from its reading until it is settled. */
export type Entry = {
  position: Position
  subject: string
  /** null: to be loaded when its turn comes. */
  event: PlatformEvent | null
  attempts: number
  /** ms since 1970 */
  dueAt: number
  readAt: number
  done: boolean
  /** The broker knows that it is not done, so that the offset may pass it. */
  held: boolean
  redelivered: boolean
}

/** What of a partition is done, and what the broker is yet to be told of that. */
export type Progress = {
  /** How many more may be read. */
  room(): number
  read(entry: Entry): void
  finish(entry: Entry, burial: Burial | null): void
  /** It is none of those to be handled. */
  passOver(entry: Entry): void
  /** To be tried again later. */
  postpone(entry: Entry): void
  /** What has changed since the last call; null when nothing has. */
  collect(): Settlement | null
}

const windowSize = 128
const maxHeld = 2_000
/** The first in a full window may take this long; then the events behind it are not kept waiting for it. */
const slowMs = 1_000

/** The offset moves over what is done, in order. An event that fails, or takes long, is held: the offset passes it. */
export function createProgress(lease: Lease, before: { handled: number; held: number }): Progress {
  const window: Entry[] = []
  let { handled, held: heldCount } = before
  let done: Position[] = []
  let held: HeldEvent[] = []
  let unheld: Position[] = []
  let dead: Burial[] = []
  let redelivered: string[] = []
  let handledBefore = handled

  function hold(entry: Entry): void {
    if (!entry.held) heldCount += 1
    entry.held = true
    entry.event = null
    held.push({
      position: entry.position,
      subject: entry.subject,
      attempts: entry.attempts,
      dueAt: entry.dueAt,
    })
  }

  /** @returns the place up to which nothing is open but what is held */
  function advance(): Position | null {
    let offset: Position | null = null
    for (let first = window[0]; first; first = window[0]) {
      const slow = window.length >= windowSize && Date.now() - first.readAt > slowMs
      if (!first.done && !first.held && first.attempts === 0 && !slow) break
      if (!first.done && !first.held) hold(first)
      offset = first.position
      window.shift()
    }
    return offset
  }

  return {
    room: () => Math.min(windowSize - window.length, maxHeld - heldCount),
    read: (entry) => {
      window.push(entry)
    },
    passOver(entry) {
      entry.done = true
      entry.event = null
      done.push(entry.position)
    },
    finish(entry, burial) {
      if (!burial) handled += 1
      if (burial) dead.push(burial)
      else if (entry.redelivered && entry.event) redelivered.push(entry.event.id)
      entry.done = true
      entry.event = null
      if (entry.redelivered) return
      done.push(entry.position)
      if (!entry.held) return
      heldCount -= 1
      unheld.push(entry.position)
    },
    postpone(entry) {
      if (entry.held) hold(entry)
    },
    collect() {
      const offset = advance()
      const settled = new Set(done)
      const settlement: Settlement = {
        lease,
        offset,
        handled,
        done,
        held: held.filter(({ position }) => !settled.has(position)),
        unheld,
        dead,
        redelivered,
      }
      const changed = offset || done.length || held.length || dead.length || redelivered.length
      if (!changed && handled === handledBefore) return null
      handledBefore = handled
      done = []
      held = []
      unheld = []
      dead = []
      redelivered = []
      return settlement
    },
  }
}
