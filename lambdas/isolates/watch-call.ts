import type ivm from 'isolated-vm'
import { TrellisError } from '../../foundation/errors.ts'
import type { IsolateLimits } from './messages.ts'

const tickMs = 10

export type CallWatch = {
  /** Rejects when the call has used up its CPU or wall time; the isolate is disposed by then. */
  broken: Promise<never>
  /** The call has answered. What it left running in its isolate is still watched until it rests. */
  callEnded(): void
}

/**
 * Holds a call to its limits from outside. isolated-vm's own timeout covers only the synchronous beginning of a call,
 * not what runs after an `await`; the isolate's CPU clock covers all of it, also a loop of promises that goes on after
 * the answer.
 */
export function watchCall(isolate: ivm.Isolate, limits: IsolateLimits): CallWatch {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  const startedAt = performance.now()
  const cpuAtStart = cpuMs(isolate)
  let ended = false
  let cpuBefore = cpuAtStart

  const stop = (error: TrellisError) => {
    clearInterval(timer)
    if (!isolate.isDisposed) isolate.dispose()
    reject(error)
  }
  const timer = setInterval(() => {
    if (isolate.isDisposed)
      return stop(new TrellisError('LAMBDA_MEMORY_EXCEEDED', `A lambda has ${limits.memoryMb} MB of memory.`))
    const cpu = cpuMs(isolate)
    if (cpu - cpuAtStart > limits.cpuMs)
      return stop(
        new TrellisError('LAMBDA_CPU_EXCEEDED', `A lambda has ${limits.cpuMs} ms of CPU time a call.`),
      )
    if (!ended && performance.now() - startedAt > limits.wallMs)
      return stop(new TrellisError('LAMBDA_TIMEOUT', `A lambda has ${limits.wallMs} ms to answer.`))
    if (ended && cpu === cpuBefore) return clearInterval(timer)
    cpuBefore = cpu
  }, tickMs)

  return {
    broken: promise,
    callEnded() {
      ended = true
    },
  }
}

function cpuMs(isolate: ivm.Isolate): number {
  return Number(isolate.cpuTime) / 1e6
}
