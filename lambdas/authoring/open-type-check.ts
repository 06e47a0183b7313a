import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Close } from '../../foundation/closing.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'

export type TypeCheck = {
  /**
   * As `CheckTypes`, in a thread of its own: the caller's goes on meanwhile.
   *
   * @throws when the thread ends, or the signal's reason once it is aborted
   */
  check(files: readonly PluginFile[], declared: string | null, signal?: AbortSignal): Promise<PluginError[]>
  close: Close
}

/** It is a development package: a machine that only runs the platform has none. */
export function hasTypeScript(): boolean {
  try {
    createRequire(import.meta.url).resolve('typescript')
    return true
  } catch {
    return false
  }
}

type Thread = { worker: Worker; waiting: Map<number, PromiseWithResolvers<PluginError[]>> }

/** The thread starts with the first check and is kept warm; a new one follows one that has ended. */
export function openTypeCheck(): TypeCheck {
  let thread: Thread | null = null
  let last = 0
  let isClosed = false
  const leave = ({ worker }: Thread) => {
    if (thread?.worker === worker) thread = null
    return worker.terminate()
  }

  return {
    async check(files, declared, signal) {
      signal?.throwIfAborted()
      if (isClosed) throw ended()
      thread ??= startThread((ended) => void leave(ended))
      const { worker, waiting } = thread
      const current = thread
      last += 1
      const id = last
      const answer = Promise.withResolvers<PluginError[]>()
      // A check cannot be stopped but with its thread.
      const abort = () => {
        answer.reject(signal?.reason)
        void leave(current)
      }
      signal?.addEventListener('abort', abort, { once: true })
      waiting.set(id, answer)
      worker.ref()
      worker.postMessage({ id, files, declared })
      try {
        return await answer.promise
      } finally {
        waiting.delete(id)
        signal?.removeEventListener('abort', abort)
        if (waiting.size === 0) worker.unref()
      }
    },
    async close() {
      isClosed = true
      if (thread) await leave(thread)
    },
  }
}

function startThread(onEnd: (thread: Thread) => void): Thread {
  const worker = new Worker(new URL('./type-check-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  const thread: Thread = { worker, waiting: new Map() }
  worker.on('message', ({ id, errors }: { id: number; errors: PluginError[] }) => {
    thread.waiting.get(id)?.resolve(errors)
  })
  const end = (error: unknown) => {
    onEnd(thread)
    for (const one of thread.waiting.values()) one.reject(error)
  }
  worker.on('error', end)
  worker.on('exit', () => end(ended()))
  return thread
}

function ended(): Error {
  return new Error('The type-checker has ended.')
}
