import type { Answer, Place } from './follow-operation.ts'

/**
 * One reading of a stream for all who want the same of it. It pulls, when somebody has read all there is; each reader
 * has its place in what was pulled. What it keeps is bounded: who falls further behind is told so and reads elsewhere.
 */
export type SharedStream = {
  /** It began with what happened then, and not with history. */
  isLive: boolean
  phase(): 'open' | 'ended'
  /** Whether all that has been pulled was read by somebody, who waits for more. */
  isCurrent(): boolean
  /** How many answers there have been: the place behind all of them. */
  length(): number
  /** The place behind the answer with this cursor, at the beginning or at the end; null when it is not, or no longer, known. */
  placeAfter(cursor: string): number | null
  /** The other way round: what to go on after elsewhere; null when it is not, or no longer, known. */
  cursorBefore(place: number): string | null
  enter(): void
  /** The last one to leave ends it. */
  leave(): void
  /** What there is at a place. */
  at(place: number): Answer | 'gone' | 'not yet'
  /** Calls back once there is something at its end, or `phase` has changed. Pulls, unless it is being done. */
  wait(wake: () => void): void
  /** Is not to be called back any more. */
  stopWaiting(wake: () => void): void
  /** Why it ended; undefined when the module completed it. */
  failure(): unknown
}

export type SharedStreamOptions = {
  answers: AsyncGenerator<Answer | Place, void, void>
  /** Where it begins; null: live. */
  start: string | null
  /** Whether another stream's readers may want to go over to this one. */
  isSought(): boolean
  /** Called once: it has ended, or its last reader has left. */
  onEnd(): void
}

/** Kept for those who are behind. */
const mostKept = 100
const mostKeptCharacters = 1_000_000

export function createSharedStream({ answers, start, isSought, onEnd }: SharedStreamOptions): SharedStream {
  /** Cursors of its beginning and its end: both move while there are no answers. */
  let first = start
  let last = start
  /** The latest answers; the last of them stays, because its cursor is a place to join at. */
  const kept: Answer[] = []
  let keptCharacters = 0
  let firstKept = 0
  let readers = 0
  let isPulling = false
  let phase: 'open' | 'ended' = 'open'
  let failure: unknown
  let waiting = new Set<() => void>()

  const wakeAll = () => {
    const woken = waiting
    waiting = new Set()
    for (const wake of woken) wake()
  }
  const end = (reason?: unknown) => {
    if (phase === 'ended') return
    phase = 'ended'
    failure = reason
    onEnd()
    wakeAll()
  }
  const dropDownTo = (count: number) => {
    while (kept.length > count) {
      keptCharacters -= kept.shift()?.text.length ?? 0
      firstKept += 1
    }
  }
  const keep = (answer: Answer) => {
    // Where everybody waits, nobody needs what was before.
    if (waiting.size === readers && !isSought()) dropDownTo(0)
    kept.push(answer)
    last = answer.cursor
    keptCharacters += answer.text.length
    dropDownTo(mostKept)
    while (kept.length > 1 && keptCharacters > mostKeptCharacters) dropDownTo(kept.length - 1)
  }
  const pull = async (): Promise<void> => {
    if (isPulling || phase === 'ended') return
    isPulling = true
    try {
      const step = await answers.next()
      isPulling = false
      if (step.done) return end()
      if ('place' in step.value) {
        last = step.value.place
        if (firstKept + kept.length === 0) first = last
        return pull()
      }
      keep(step.value)
      wakeAll()
    } catch (error) {
      isPulling = false
      end(error)
    }
  }

  // At once: what is live begins when it was asked for, and not when it is first read.
  pull()
  return {
    isLive: start === null,
    phase: () => phase,
    isCurrent: () => isPulling,
    length: () => firstKept + kept.length,
    placeAfter(cursor) {
      const index = kept.findLastIndex((answer) => answer.cursor === cursor)
      if (index >= 0) return firstKept + index + 1
      if (cursor === last) return firstKept + kept.length
      return cursor === first && firstKept === 0 ? 0 : null
    },
    cursorBefore(place) {
      if (place === firstKept + kept.length) return last
      return place === 0 ? first : (kept[place - firstKept - 1]?.cursor ?? null)
    },
    enter() {
      readers += 1
    },
    leave() {
      readers -= 1
      if (readers > 0) return
      end()
      answers.return().catch(() => undefined)
    },
    at(place) {
      if (place < firstKept) return 'gone'
      return kept[place - firstKept] ?? 'not yet'
    },
    wait(wake) {
      waiting.add(wake)
      if (!isPulling) pull()
    },
    stopWaiting(wake) {
      waiting.delete(wake)
    },
    failure: () => failure,
  }
}
