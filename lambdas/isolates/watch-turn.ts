import type ivm from 'isolated-vm'
import { TrellisError } from '../../foundation/errors.ts'

const tickMs = 5

/**
 * Runs one turn of an isolate and holds it to the CPU time it may use. isolated-vm's own timeout covers only the
 * synchronous beginning of a call; a turn ends when the isolate has nothing left to do, so that what runs after an
 * `await`, or goes on after the answer, is held too. An isolate that uses more is disposed.
 *
 * @param turn resolves when the isolate is at rest
 * @param cpuMs what is left to the call
 * @returns the CPU time used, milliseconds
 * @throws {TrellisError} LAMBDA_CPU_EXCEEDED
 */
export async function watchTurn(
  isolate: ivm.Isolate,
  turn: () => Promise<unknown>,
  cpuMs: number,
): Promise<number> {
  const used = startClock(isolate)
  const exceeded = Promise.withResolvers<never>()
  exceeded.promise.catch(() => undefined)
  const timer = setInterval(() => {
    if (isolate.isDisposed || used() <= cpuMs) return
    isolate.dispose()
    exceeded.reject(new TrellisError('LAMBDA_CPU_EXCEEDED', 'The lambda used more CPU time than a call may.'))
  }, tickMs)
  try {
    await Promise.race([turn(), exceeded.promise])
    return used()
  } finally {
    clearInterval(timer)
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
