import type { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { Generation } from './generation.ts'
import type { GraphSummary } from './graph-change.ts'

/** A hold on a generation: it stays whole until the lease is disposed of. */
export type GenerationLease = Disposable & { generation: Generation }

/** A generation that is served, or was and still has leases. */
export type Running = {
  generation: Generation
  activatedAt: Date
  leases: number
  isRetired: boolean
  /** Aborts when it is retired. */
  retired: AbortController
  /** Resolves when it is closed. */
  ended: PromiseWithResolvers<void>
}

/** The place of one graph. All of it that is left while the graph is at rest is small. */
export type Slot = {
  key: string
  running: Running | null
  /** Of what was served last. */
  summary: GraphSummary | null
  /** A graph that does not compose: there is no use in trying again. `error` is for those who ask for it. */
  refused: { hash: string; error: TrellisError; errors: readonly CompositionError[] } | null
  /** Generations so far. */
  built: number
  /** Since they were counted last. */
  uses: number
  /** Uses, of which older ones count for less. */
  busyness: number
  /** Counts in a row without any use. */
  idle: number
  /** Streams of subscriptions, to be told of each swap. */
  streams: Set<() => void>
  subscribers: number
}

export function createSlot(key: string): Slot {
  return {
    key,
    running: null,
    summary: null,
    refused: null,
    built: 0,
    uses: 0,
    busyness: 0,
    idle: 0,
    streams: new Set(),
    subscribers: 0,
  }
}

export function createRunning(generation: Generation): Running {
  return {
    generation,
    activatedAt: new Date(),
    leases: 0,
    isRetired: false,
    retired: new AbortController(),
    ended: Promise.withResolvers(),
  }
}

export function lease(running: Running, log: Log): GenerationLease {
  running.leases += 1
  let isHeld = true
  return {
    generation: running.generation,
    [Symbol.dispose]() {
      if (!isHeld) return
      isHeld = false
      running.leases -= 1
      endIfIdle(running, log)
    },
  }
}

/** It takes no more leases; with its last one it is closed. */
export function retire(running: Running, log: Log): void {
  running.isRetired = true
  running.retired.abort()
  endIfIdle(running, log)
}

function endIfIdle({ generation, leases, isRetired, ended }: Running, log: Log): void {
  if (!isRetired || leases > 0) return
  generation.close().then(ended.resolve, (error) => {
    log.warn({ err: error, generation: generation.id }, 'a generation could not be closed cleanly')
    ended.resolve()
  })
}
