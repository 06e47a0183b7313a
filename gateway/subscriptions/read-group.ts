import { interrupted } from '../transports/transport-errors.ts'
import type { Answer } from './follow-operation.ts'
import type { Position, StreamGroup } from './stream-group.ts'

export type Reading = {
  /** To begin after; null: live. */
  cursor: string | null
  /** As in `FollowRequest`. */
  hasBegun: boolean
  /** In errors. */
  module: string
  /** Ends it. */
  signal: AbortSignal
  /** Called once, when it has ended. */
  onEnd(): void
}

/** The answers of a subscription, one for each event, as they are pulled. `return()` ends it at once. */
export type Answers = AsyncGenerator<Answer, void, void> & {
  /** To go on after what has been read; null: not known. Absent where it never is. */
  cursor?(): string | null
  /**
   * The same as `next()` without a promise, for thousands of readers at once: what there is now; or null, and `wake` is
   * called once when it is worth asking again.
   *
   * @throws as `next()` rejects
   */
  poll?(wake: () => void): Step | null
}

export type Step = IteratorResult<Answer, void>

const done: Step = { done: true, value: undefined }

/**
 * One subscriber: a place in a stream that others read too. One that does not ask costs its place and nothing else;
 * when it asks for what is no longer kept, it goes on with a stream of its own from its cursor, until that has come to
 * where another one is.
 *
 * It is pulled by one at a time. `return()` ends it at once, also while an answer is awaited.
 *
 * @throws {GraphQLError} from `next()`, why the subscription ends; SUBSCRIPTION_INTERRUPTED for one who is behind and
 *   has no cursor
 */
export function readGroup(group: StreamGroup, reading: Reading): Answers {
  const { cursor: start, hasBegun, module, signal, onEnd } = reading
  let phase: 'reading' | 'ended' = 'reading'
  let cursor = start
  let { stream, place } = enter(group.join(start, hasBegun))
  cursor ??= stream.cursorBefore(place)
  let waiting: (() => void) | null = null

  const goTo = (position: Position) => {
    enter(position)
    stream.leave()
    stream = position.stream
    place = position.place
  }
  const end = (): Step => {
    if (phase === 'ended') return done
    phase = 'ended'
    signal.removeEventListener('abort', end)
    const woken = waiting
    waiting = null
    if (woken) stream.stopWaiting(woken)
    stream.leave()
    onEnd()
    woken?.()
    return done
  }
  const fail = (error: unknown): never => {
    end()
    throw error
  }
  /** What there is now; null: nothing yet. */
  const take = (): Step | null => {
    const elder = cursor === null ? null : group.findElder(stream, cursor)
    if (elder) goTo(elder)
    const answer = stream.at(place)
    if (answer === 'gone') {
      cursor ??= stream.cursorBefore(place)
      if (cursor === null) return fail(interrupted(module))
      goTo(group.join(cursor, true))
      return take()
    }
    if (answer === 'not yet') {
      if (stream.phase() === 'open') return null
      const reason = stream.failure()
      return reason === undefined ? end() : fail(reason)
    }
    place += 1
    cursor = answer.cursor ?? cursor
    return { done: false, value: answer }
  }
  const poll = (wake: () => void): Step | null => {
    waiting = null
    if (phase === 'ended') return done
    const step = take()
    if (step) return step
    waiting = wake
    stream.wait(wake)
    return null
  }
  const next = async (): Promise<Step> => {
    for (;;) {
      const woken = Promise.withResolvers<void>()
      const step = poll(woken.resolve)
      if (step) return step
      await woken.promise
    }
  }

  if (signal.aborted) end()
  else signal.addEventListener('abort', end)
  return {
    cursor: () => stream.cursorBefore(place) ?? cursor,
    poll,
    next,
    return: async () => end(),
    async throw(error) {
      end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      end()
    },
  }
}

function enter(position: Position): Position {
  position.stream.enter()
  return position
}
