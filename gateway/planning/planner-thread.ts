import { Worker } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import type { Close } from '../../foundation/closing.ts'
import type { PlannerReply, PlannerTask } from './planner-messages.ts'

/** A supergraph, and what is to be planned on it; null builds the planner only. */
export type PlannerJob = {
  hash: string
  supergraphSdl: string
  operation: PlannerTask['operation']
}

export type PlannerThread = {
  /** Whether it has a planner for that supergraph already. */
  holds(hash: string): boolean
  /** One job at a time. `timeout` and `lost` are the end of the thread. */
  run(job: PlannerJob): Promise<PlannerReply | { kind: 'timeout' } | { kind: 'lost'; reason: string }>
  close: Close
}

export type PlannerThreadOptions = {
  /** How long one job may take, the building of its planner included. In milliseconds. */
  timeoutMs: number
  /** Planners held at once; the one used longest ago gives way. */
  planners: number
  /** What a thread may allocate before it is ended. In megabytes. */
  memoryMb: number
}

type Outcome = Awaited<ReturnType<PlannerThread['run']>>

const workerFile = new URL('./planner-worker.ts', import.meta.url)

/** A thread that plans. It neither keeps the process alive nor shares anything with it but messages. */
export function startPlannerThread({ timeoutMs, planners, memoryMb }: PlannerThreadOptions): PlannerThread {
  const worker = new Worker(workerFile, {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  worker.unref()
  let dropped: string[] = []
  const held = new LRUCache<string, true>({ max: planners, dispose: (_held, hash) => dropped.push(hash) })
  let settle: ((outcome: Outcome) => void) | null = null
  let lost: string | null = null
  const lose = (reason: string) => {
    lost ??= reason
    settle?.({ kind: 'lost', reason: lost })
  }
  worker.on('message', (reply: PlannerReply) => settle?.(reply))
  worker.on('error', (error) => lose(error.message))
  worker.on('exit', (code) => lose(`The thread ended with code ${code}.`))

  return {
    holds: (hash) => held.has(hash),
    async run({ hash, supergraphSdl, operation }) {
      if (lost !== null) return { kind: 'lost', reason: lost }
      const isHeld = held.get(hash) ?? false
      held.set(hash, true)
      const { promise, resolve } = Promise.withResolvers<Outcome>()
      settle = resolve
      const task: PlannerTask = { hash, supergraphSdl: isHeld ? null : supergraphSdl, dropped, operation }
      dropped = []
      worker.postMessage(task)
      const timer = setTimeout(() => {
        resolve({ kind: 'timeout' })
        worker.terminate()
      }, timeoutMs)
      try {
        const outcome = await promise
        if (outcome.kind === 'not-a-supergraph') held.delete(hash)
        return outcome
      } finally {
        clearTimeout(timer)
        settle = null
      }
    },
    async close() {
      await worker.terminate()
    },
  }
}
