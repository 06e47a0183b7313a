import type { Answer, Place } from './follow-operation.ts'
import { createSharedStream, type SharedStream } from './shared-stream.ts'

/** The streams of one subscription as one viewer sees it: mostly one; more while some are behind. */
export type StreamGroup = {
  /**
   * A stream to read from a place on; a new one where none knows it.
   *
   * @param cursor null: from now on
   * @param hasBegun as in `FollowRequest`
   */
  join(cursor: string | null, hasBegun: boolean): Position
  /** A place in an elder stream behind the answer with this cursor: who was behind is so no longer. */
  findElder(stream: SharedStream, cursor: string): Position | null
}

export type Position = { stream: SharedStream; place: number }

export type StreamGroupOptions = {
  /** Whether answers have cursors. Where they have none, a stream can only be shared from its first answer on. */
  hasPlaces: boolean
  open(cursor: string | null, hasBegun: boolean): AsyncGenerator<Answer | Place, void, void>
  /** The last stream has ended. */
  onEmpty(): void
}

export function createStreamGroup({ hasPlaces, open, onEmpty }: StreamGroupOptions): StreamGroup {
  /** Live ones first, then by age: readers move towards the first, never in a circle. */
  let streams: SharedStream[] = []

  const add = (cursor: string | null, hasBegun: boolean): Position => {
    const stream = createSharedStream({
      answers: open(cursor, hasBegun),
      start: cursor,
      isSought: () => streams.length > 1,
      onEnd() {
        streams = streams.filter((other) => other !== stream)
        if (streams.length === 0) onEmpty()
      },
    })
    streams = stream.isLive ? [stream, ...streams] : [...streams, stream]
    return { stream, place: 0 }
  }
  const findLive = (): Position | null => {
    const stream = streams.find((stream) =>
      hasPlaces ? stream.isLive && stream.isCurrent() : stream.length() === 0,
    )
    return stream ? { stream, place: stream.length() } : null
  }
  const findAfter = (cursor: string, among: readonly SharedStream[]): Position | null => {
    for (const stream of among) {
      const place = stream.placeAfter(cursor)
      if (place !== null) return { stream, place }
    }
    return null
  }

  return {
    join(cursor, hasBegun) {
      const known = cursor === null ? findLive() : findAfter(cursor, streams)
      return known ?? add(cursor, hasBegun)
    },
    findElder(stream, cursor) {
      if (streams.length < 2) return null
      const age = streams.indexOf(stream)
      return age > 0 ? findAfter(cursor, streams.slice(0, age)) : null
    },
  }
}
