import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Compose } from '../composition/compose.ts'
import type { Composition } from '../composition/compose-for-client.ts'
import { shareCompositions } from '../composition/share-compositions.ts'
import { type Planner, toPlanner } from './create-planner.ts'
import { createFairQueue } from './fair-queue.ts'
import { buildSchemas } from './graph-schemas.ts'
import {
  type PlannerJob,
  type PlannerThread,
  type PlannerThreadOptions,
  startPlannerThread,
} from './planner-thread.ts'
import type { PlanText } from './prepare-operation.ts'
import type { DocumentReading } from './read-documents.ts'
import { createSharedSupergraphs } from './shared-supergraphs.ts'
import type { PlanAnswer, PlanFault, SupergraphOrigin } from './text-planner.ts'

export type OpenOptions = {
  /** @default 'foreign': it is validated first */
  origin?: SupergraphOrigin | undefined
  /** In which the planner's building waits. @default its own */
  lane?: symbol | undefined
}

/** Composition and planners in threads of their own: composing, building a planner and planning block nobody here. */
export type PlannerPool = {
  compose: Compose
  readDocuments: ReadDocuments
  /**
   * A planner with a queue of its own: those opened take turns, however much is asked of one of them. Those of equal
   * supergraphs share schemas and plans.
   *
   * @throws when the text is no supergraph
   */
  open(supergraphSdl: string, options?: OpenOptions): Promise<Planner>
  /** Ends the threads. What waits, and what comes later, is answered PLANNING_OVERLOADED. */
  close: Close
}

/**
 * What documents mean in a supergraph, one reading for each.
 *
 * @throws when no thread can be had, or the text is no supergraph
 */
export type ReadDocuments = (supergraphSdl: string, texts: readonly string[]) => Promise<DocumentReading[]>

export type PlannerPoolOptions = PlannerThreadOptions & {
  threads: number
  /** Operations of one planner that may wait; one more is answered PLANNING_OVERLOADED. */
  waiting: number
}

/** One thread of two cores, two of more: planning is rare, and a gateway has other work for its cores. */
const defaults: PlannerPoolOptions = {
  threads: availableParallelism() > 2 ? 2 : 1,
  waiting: 500,
  timeoutMs: 10_000,
  planners: 50,
  memoryMb: 1_024,
}

type Outcome = Awaited<ReturnType<PlannerThread['run']>> | { kind: 'refused' }
type Waiting = { job: PlannerJob; settle: (outcome: Outcome) => void }

export function createPlannerPool(options: Partial<PlannerPoolOptions> = {}): PlannerPool {
  const { threads, waiting, ...threadOptions } = { ...defaults, ...options }
  const queue = createFairQueue<symbol, Waiting>(waiting)
  const supergraphs = createSharedSupergraphs()
  const all = new Set<PlannerThread>()
  const idle = new Set<PlannerThread>()
  let running = 0
  let isClosed = false

  const takeThread = (job: PlannerJob): PlannerThread => {
    const free = [...idle]
    const holding = free.find(({ holds }) => job.kind === 'plan' && holds(job.hash))
    const thread = holding ?? free[0] ?? startPlannerThread(threadOptions)
    all.add(thread)
    idle.delete(thread)
    return thread
  }
  const runOnThread = async (job: PlannerJob): Promise<Outcome> => {
    const thread = takeThread(job)
    const outcome = await thread.run(job)
    if (outcome.kind === 'timeout' || outcome.kind === 'lost') all.delete(thread)
    else idle.add(thread)
    return outcome
  }
  const work = async ({ job, settle }: Waiting): Promise<void> => {
    running += 1
    let outcome = await runOnThread(job)
    // It may have been the job before, or the machine: the job itself is suspect only when it happens again.
    if (outcome.kind === 'lost' && !isClosed) outcome = await runOnThread(job)
    running -= 1
    settle(isClosed ? { kind: 'refused' } : outcome)
    workOn()
  }
  const workOn = () => {
    while (running < threads) {
      const next = queue.take()
      if (!next) return
      work(next)
    }
  }
  const run = (lane: symbol, job: PlannerJob, signal?: AbortSignal): Promise<Outcome> => {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const item = { job, settle: resolve }
    if (isClosed || !queue.add(lane, item)) return Promise.resolve({ kind: 'refused' })
    const leave = () => {
      if (queue.remove(lane, item)) reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
    workOn()
    return promise
  }

  const compose: Compose = async (sources, { tags = null, lane = Symbol('composition') } = {}) => {
    const outcome = await run(lane, { kind: 'compose', sources, tags })
    if (outcome.kind === 'composed') return outcome.composition
    if (outcome.kind === 'timeout') return takesTooLong
    throw failureOf(outcome, 'Nothing could be composed')
  }

  return {
    compose: shareCompositions(compose),
    async readDocuments(supergraphSdl, texts) {
      if (texts.length === 0) return []
      const outcome = await run(Symbol('documents'), { kind: 'read', supergraphSdl, texts })
      if (outcome.kind === 'read') return outcome.readings
      if (outcome.kind === 'timeout') return texts.map(() => tooLongToRead)
      throw failureOf(outcome, 'No documents could be read')
    },
    async open(supergraphSdl, { origin = 'foreign', lane: buildingLane } = {}) {
      const own = Symbol('planner')
      const hash = createHash('sha256').update(supergraphSdl).digest('hex')
      const job = { kind: 'plan' as const, hash, supergraphSdl, origin }
      const shared = await supergraphs.get(hash, async () => {
        const outcome = await run(buildingLane ?? own, { ...job, operation: null })
        if (outcome.kind !== 'built') throw failureOf(outcome, 'No planner could be built')
        return buildSchemas(outcome.apiSdl, supergraphSdl)
      })
      const planText: PlanText = async ({ query, operationName, lane = own }, signal) =>
        toAnswer(await run(lane, { ...job, operation: { query, operationName } }, signal))
      return toPlanner(shared, planText)
    },
    async close() {
      isClosed = true
      for (const { settle } of queue.drain()) settle({ kind: 'refused' })
      await Promise.all([...all].map((thread) => thread.close()))
    },
  }
}

const takesTooLong: Composition = {
  ok: false,
  errors: [{ code: 'TOO_COMPLEX', message: 'The schema takes too long to compose.', subgraph: null }],
}

const tooLongToRead: DocumentReading = {
  name: null,
  faults: [{ message: "The plugin's documents take too long to read; split them up.", line: null }],
  uses: [],
}

const overloaded = 'Too many new operations wait to be planned; try again in a moment.'

/** What could not even wait may be tried again; all else is a fault of ours. */
function failureOf(outcome: Outcome, what: string): Error {
  if (outcome.kind === 'refused') return new TrellisError('PLANNING_OVERLOADED', overloaded)
  return new Error(`${what}: ${reasonOf(outcome)}`)
}

function toAnswer(outcome: Outcome): PlanAnswer {
  switch (outcome.kind) {
    case 'planned':
      return outcome.answer
    case 'refused':
      return refused('PLANNING_OVERLOADED', overloaded)
    case 'timeout':
      return refused('OPERATION_TOO_COMPLEX', 'The operation takes too long to plan; split it up.')
    default:
      return refused('INTERNAL_SERVER_ERROR', 'The operation could not be planned.', reasonOf(outcome))
  }
}

function refused(code: PlanFault['code'], message: string, cause: string | null = null): PlanAnswer {
  return { ok: false, faults: [{ code, message, positions: [], cause }] }
}

function reasonOf(outcome: Outcome): string {
  return 'reason' in outcome ? outcome.reason : outcome.kind
}
