import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How long something takes, what this thread spends on it, and for how long it does nothing else at a time. */
export async function watched<Result>(act: () => Promise<Result>) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // The histogram counts from its second tick: one that begins with the act would miss its block.
  await new Promise((resolve) => setTimeout(resolve, 20))
  const cpu = process.threadCpuUsage()
  const start = performance.now()
  const result = await act()
  const tookMs = performance.now() - start
  const { user, system } = process.threadCpuUsage(cpu)
  await new Promise((resolve) => setTimeout(resolve, 5))
  delay.disable()
  return { result, tookMs, ownCpuMs: (user + system) / 1e3, longestBlockMs: delay.max / 1e6 }
}

/** Bytes of the heap that something holds. */
export async function heapHeld(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  // What was found through weak references stays until its turn of the event loop is over.
  await new Promise(setImmediate)
  collect()
  return process.memoryUsage().heapUsed
}
