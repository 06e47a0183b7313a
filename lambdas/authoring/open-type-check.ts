import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Close } from '../../foundation/closing.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import type { TypeCheckRequest } from './type-check-worker.ts'

export type TypeCheck = {
  /**
   * As `CheckTypes`, in a thread of its own, one at a time. Types that need more time, memory or depth than there is are
   * a fault, `TYPES_NOT_CHECKED`: the thread has ended then, and the next check has a new one.
   *
   * @param timeoutMs also for the thread to start, where it has not
   * @throws what the thread failed with, or that the type-checker was closed
   */
  check(files: readonly PluginFile[], declared: string | null, timeoutMs?: number): Promise<PluginError[]>
  close: Close
}

const checkedWithinMs = 60_000
/** A thread over its memory limit ends alone only while its young generation is small: see docs/adr/0065. */
const youngMb = 24
const workerFile = new URL('./type-check-worker.ts', import.meta.url)

/** It is a development package: a machine that only runs the platform has none. */
export function hasTypeScript(): boolean {
  try {
    createRequire(import.meta.url).resolve('typescript')
    return true
  } catch {
    return false
  }
}

/**
 * The thread starts with the first check and is kept warm; a new one follows one that has ended.
 *
 * @param memoryMb what the thread may allocate, TypeScript and its libraries included
 */
export function openTypeCheck(memoryMb = 512): TypeCheck {
  let thread: Worker | null = null
  let before: Promise<unknown> = Promise.resolve()
  let isClosed = false
  const leave = (worker: Worker) => {
    if (thread === worker) thread = null
    return worker.terminate()
  }

  function startThread(): Worker {
    const worker = new Worker(workerFile, {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: youngMb },
    })
    return worker.once('error', () => void leave(worker)).once('exit', () => void leave(worker))
  }

  async function checkNow(request: TypeCheckRequest, timeoutMs: number): Promise<PluginError[]> {
    if (isClosed) throw ended()
    thread ??= startThread()
    const worker = thread
    const { promise, resolve, reject } = Promise.withResolvers<PluginError[]>()
    const fail = (error: Error) => {
      const limit = limitMet(error, memoryMb)
      if (limit === null) reject(error)
      else resolve([notChecked(limit)])
    }
    const end = () => reject(ended())
    worker.once('message', resolve).once('error', fail).once('exit', end)
    // A check cannot be stopped but with its thread.
    const timer = setTimeout(() => {
      resolve([notChecked(`They take longer than ${timeoutMs / 1000} s.`)])
      void leave(worker)
    }, timeoutMs)
    worker.ref()
    worker.postMessage(request)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      worker.off('message', resolve).off('error', fail).off('exit', end).unref()
    }
  }

  return {
    check(files, declared, timeoutMs = checkedWithinMs) {
      const answer = before.then(() => checkNow({ files, declared }, timeoutMs))
      before = answer.catch(() => undefined)
      return answer
    },
    async close() {
      isClosed = true
      if (thread) await leave(thread)
    },
  }
}

/** Which limit of a thread an error of it is; null: none, it has failed. */
function limitMet(error: Error, memoryMb: number): string | null {
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `They need more than ${memoryMb} MB.`
  return error.name === 'RangeError' ? 'They are nested too deeply.' : null
}

function notChecked(why: string): PluginError {
  return { code: 'TYPES_NOT_CHECKED', message: `Its types cannot be checked. ${why}`, file: null, line: null }
}

function ended(): Error {
  return new Error('The type-checker has ended.')
}
