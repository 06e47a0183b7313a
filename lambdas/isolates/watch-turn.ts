import type ivm from 'isolated-vm'
import { TrellisError } from '../../foundation/errors.ts'

const tickMs = 5
/** What a thread may take to see that its isolate is gone. Some of the language's built-ins never look. */
const stuckAfterMs = 500

export type WatchedTurn = {
  /** What is left to the call: milliseconds of CPU time. Asked again and again. */
  cpuLeftMs(): number
  /** The isolate is gone and its thread is not: this process has a thread that works for nobody. */
  onStuck(): void
}

export type TurnTaken = { cpuMs: number; failure: unknown }

/**
 * Runs one turn of an isolate and holds it to the CPU time it may use. isolated-vm's own timeout covers only the
 * synchronous beginning of a call; a turn ends when the isolate has nothing left to do, so that what runs after an
 * `await`, or goes on after the answer, is held too. An isolate that uses more is disposed: LAMBDA_CPU_EXCEEDED.
 *
 * @param turn is given the clock of its CPU time, milliseconds; resolves when the isolate is at rest
 */
export async function watchTurn(
  isolate: ivm.Isolate,
  turn: (usedMs: () => number) => Promise<unknown>,
  { cpuLeftMs, onStuck }: WatchedTurn,
): Promise<TurnTaken> {
  const used = startClock(isolate)
  const stuck = Promise.withResolvers<void>()
  let exceeded: TrellisError | null = null
  let stuckTimer: NodeJS.Timeout | undefined
  // Its thread wakes up while the watch is made ready.
  const running = turn(used)
  const timer = setInterval(() => {
    if (isolate.isDisposed || used() <= cpuLeftMs()) return
    isolate.dispose()
    exceeded = new TrellisError('LAMBDA_CPU_EXCEEDED', 'The lambda used more CPU time than a call may.')
    stuckTimer = setTimeout(() => {
      onStuck()
      stuck.resolve()
    }, stuckAfterMs)
  }, tickMs)
  try {
    // The next turn of this client begins when the thread of this one is free again, and not before.
    await Promise.race([running, stuck.promise])
    return { cpuMs: used(), failure: exceeded }
  } catch (error) {
    return { cpuMs: used(), failure: exceeded ?? error }
  } finally {
    clearInterval(timer)
    clearTimeout(stuckTimer)
  }
}

/**
 * The isolate's own clock goes on while the system gives its thread no time. The process cannot have used less than
 * any one isolate of it, so the smaller of the two is nearer to the truth on a busy machine.
 */
function startClock(isolate: ivm.Isolate): () => number {
  const isolateStart = isolate.cpuTime
  const processStart = process.cpuUsage()
  let last = 0
  return () => {
    if (isolate.isDisposed) return last
    const { user, system } = process.cpuUsage(processStart)
    last = Math.min(Number(isolate.cpuTime - isolateStart) / 1e6, (user + system) / 1e3)
    return last
  }
}
