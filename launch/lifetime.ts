import type { Close } from '../foundation/closing.ts'
import { watchNpm } from './npm-parent.ts'
import { StartError } from './start-error.ts'

/** From the first thing opened until the last is closed. */
export type Lifetime = {
  /**
   * Waits for what is being opened and keeps its closer; everything is closed in the opposite order.
   * @throws the signal's reason when the end was asked for meanwhile
   */
  open<T extends { close: Close }>(opening: Promise<T>): Promise<T>
  /** Aborted when the end is asked for. */
  signal: AbortSignal
  /** Ends it because of a fault. @param line for people */
  fail(line: string): void
  /** Resolves when the end is asked for, or rejects with the fault. */
  ended: Promise<void>
  close: Close
}

/** Why a start did not come to its end: it was asked to stop. */
export class Interrupted extends Error {
  override name = 'Interrupted'
}

/** Ctrl-C reaches us once from the terminal and may again from npm; only a later one is a person's impatience. */
const sameSignalWithinMs = 1_000

/**
 * The end is asked for by SIGINT, SIGTERM, SIGHUP, or, when npm started us, by the end of npm. A second signal ends
 * the process at once; its children end with it.
 */
export function createLifetime(startedByNpm: boolean): Lifetime {
  const stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  // A fault during the start is the start's own; nobody waits for the end yet.
  ended.catch(() => undefined)
  let askedAt = Number.POSITIVE_INFINITY
  const end = (reason: string) => {
    if (Date.now() - askedAt > sameSignalWithinMs) process.exit(1)
    askedAt = Math.min(askedAt, Date.now())
    stop.abort(new Interrupted(reason))
    resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  if (startedByNpm) watchNpm(() => end('npm has ended'))

  return {
    async open(opening) {
      const opened = await opening
      stack.defer(opened.close)
      stop.signal.throwIfAborted()
      return opened
    },
    signal: stop.signal,
    fail(line) {
      const fault = new StartError(line)
      stop.abort(fault)
      reject(fault)
    },
    ended,
    close: () => stack.disposeAsync(),
  }
}
