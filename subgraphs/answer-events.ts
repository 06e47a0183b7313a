import { setTimeout as delay } from 'node:timers/promises'
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import type { Turns } from '../foundation/turns.ts'
import type { Call } from './call.ts'
import { isMadeForCaller } from './format-error.ts'
import { type EventOrPlace, withPlaces } from './with-places.ts'

/** A subscription on a socket. */
export type Subscription = {
  args: ExecutionArgs
  call: Call
  /** Ends the call. */
  stop: AbortController
  /** Of its socket: an answer holds one from its execution until it has been sent. */
  turns: Turns
  /** How often to say where in its stream a subscription without events stands, and first where it begins; null: never. */
  placesEveryMs: number | null
}

type Answers = AsyncGenerator<ExecutionResult, undefined, void>

/** A database that comes back within about five seconds costs no event, and refuses nobody who subscribes. */
const retryDelaysMs = [100, 300, 900, 1_800, 1_800]

/**
 * As graphql-js' `subscribe`, but every event is answered in a context of its own (a DataLoader kept over hours would
 * answer yesterday's values), an event is taken only when the answer before it has left the process, and ending it
 * aborts the call first: a generator stuck on `await` ignores `return()`.
 */
export async function answerEvents(
  { args, call, stop, turns, placesEveryMs }: Subscription,
  createContext: (call: Call) => object,
): Promise<Answers | ExecutionResult> {
  let place: (() => string) | undefined
  const tellPlaces = (told: () => string) => {
    place = told
  }
  const contextValue = createContext({ ...call, tellPlaces })
  const source = await patiently(() => createSourceEventStream({ ...args, contextValue }), stop.signal)
  if (!(Symbol.asyncIterator in source)) return source

  const events = source[Symbol.asyncIterator]()
  const take =
    place && placesEveryMs !== null
      ? withPlaces(events, place, placesEveryMs)
      : async (): Promise<EventOrPlace> => ({ event: await events.next() })
  let endTurn = () => {
    // There is none before the first answer.
  }
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    stop.abort()
    endTurn()
    await events.return?.()
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<ExecutionResult, undefined>> => {
    // Asked for the next, so that the one before has been sent.
    endTurn()
    const taken = await take()
    if ('place' in taken) return { done: false, value: { extensions: taken } }
    const { event } = taken
    if (event.done) return end()
    const turn = await turns.take(stop.signal)
    if (!turn) return end()
    endTurn = turn
    const value = await patiently(
      () => execute({ ...args, rootValue: event.value, contextValue: createContext(call) }),
      stop.signal,
    )
    return { done: false, value }
  }
  const answers: Answers = {
    next: () =>
      next().catch((error) => {
        stop.abort()
        endTurn()
        throw error
      }),
    return: end,
    throw: async (error) => {
      await end()
      throw error
    },
    [Symbol.asyncIterator]: () => answers,
    [Symbol.asyncDispose]: async () => {
      await end()
    },
  }
  return answers
}

/** Nothing is changed by it, and an event is read once: a failure of our own is tried again before it is the answer. */
async function patiently<Result extends ExecutionResult | AsyncIterable<unknown>>(
  attempt: () => Result | Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (const delayMs of retryDelaysMs) {
    const result = await attempt()
    if (!hasFailed(result) || signal.aborted) return result
    await delay(delayMs, undefined, { signal }).catch(() => undefined)
  }
  return attempt()
}

/** By a fault of ours, and not of the request. */
function hasFailed(result: ExecutionResult | AsyncIterable<unknown>): boolean {
  if (Symbol.asyncIterator in result || !result.errors) return false
  return result.errors.some((error) => error.originalError && !isMadeForCaller(error))
}
