import { Worker } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import type { Close } from '../../foundation/closing.ts'
import type {
  ComposeTask,
  PlannerBegun,
  PlannerReply,
  PlannerTask,
  PlanTask,
  ReadTask,
} from './planner-messages.ts'

/** Something to compose, or a supergraph and what is to be planned on it, or read. */
export type PlannerJob = ComposeTask | ReadTask | (Omit<PlanTask, 'dropped'> & { supergraphSdl: string })

export type PlannerThread = {
  /** Whether it has a planner for that supergraph already. */
  holds(hash: string): boolean
  /** One job at a time. `timeout` and `lost` are the end of the thread. */
  run(job: PlannerJob): Promise<PlannerReply | { kind: 'timeout' } | { kind: 'lost'; reason: string }>
  close: Close
}

export type PlannerThreadOptions = {
  /** How long an operation may be planned, subgraphs composed, or documents read. In milliseconds. */
  timeoutMs: number
  /** Planners held at once; the one used longest ago gives way. */
  planners: number
  /** What a thread may allocate before it is ended. In megabytes. */
  memoryMb: number
}

type Outcome = Awaited<ReturnType<PlannerThread['run']>>

/** For the thread to start and its planner to be built, which is nobody's fault where a machine is busy. */
const startTimeoutMs = 60_000
/**
 * A thread over its limit ends by itself only while what it still allocates stays within the 16 MB that Node allows it for
 * that; what survives one collection of the young generation is part of it. With more, the whole process would end.
 */
const youngMb = 24
const workerFile = new URL('./planner-worker.ts', import.meta.url)

/** A thread that plans and composes. It neither keeps the process alive nor shares anything with it but messages. */
export function startPlannerThread({ timeoutMs, planners, memoryMb }: PlannerThreadOptions): PlannerThread {
  const worker = new Worker(workerFile, {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: youngMb },
  })
  worker.unref()
  let dropped: string[] = []
  const held = new LRUCache<string, true>({ max: planners, dispose: (_held, hash) => dropped.push(hash) })
  let current: { begun(): void; settle(outcome: Outcome): void } | null = null
  let lost: string | null = null
  const taskOf = (job: PlannerJob): PlannerTask => {
    if (job.kind !== 'plan') return job
    const isHeld = held.get(job.hash) ?? false
    held.set(job.hash, true)
    const task = { ...job, supergraphSdl: isHeld ? null : job.supergraphSdl, dropped }
    dropped = []
    return task
  }
  const lose = (reason: string) => {
    lost ??= reason
    current?.settle({ kind: 'lost', reason: lost })
  }
  worker.on('message', (message: PlannerReply | PlannerBegun) => {
    if (message.kind === 'begun') current?.begun()
    else current?.settle(message)
  })
  worker.on('error', (error) => lose(error.message))
  worker.on('exit', (code) => lose(`The thread ended with code ${code}.`))

  return {
    holds: (hash) => held.has(hash),
    async run(job) {
      if (lost !== null) return { kind: 'lost', reason: lost }
      const { promise, resolve } = Promise.withResolvers<Outcome>()
      const endAfter = (ms: number, outcome: Outcome) =>
        setTimeout(() => {
          resolve(outcome)
          worker.terminate()
        }, ms)
      let timer = endAfter(startTimeoutMs, { kind: 'lost', reason: 'The thread did not get ready.' })
      const begun = () => {
        clearTimeout(timer)
        timer = endAfter(timeoutMs, { kind: 'timeout' })
      }
      current = { begun, settle: resolve }
      worker.postMessage(taskOf(job))
      try {
        const outcome = await promise
        if (outcome.kind === 'failed' && job.kind === 'plan') held.delete(job.hash)
        return outcome
      } finally {
        clearTimeout(timer)
        current = null
      }
    },
    async close() {
      await worker.terminate()
    },
  }
}
