import { setImmediate as turn } from 'node:timers/promises'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import { chooseToRest, type RestBounds } from './choose-to-rest.ts'
import type { BuiltGeneration, GenerationOrder } from './generation.ts'
import {
  createRunning,
  createSlot,
  type GenerationLease,
  lease,
  type Running,
  retire,
  type Slot,
} from './generation-slot.ts'
import { type GenerationStatus, readStatus } from './generation-status.ts'
import { describeChange, type GraphSummary } from './graph-change.ts'
import { readContractKey } from './graph-key.ts'
import { operationTimeoutMs } from './lifetime.ts'
import { type Concern, createSwapOrder } from './swap-order.ts'
import { warmGeneration } from './warm-generation.ts'

/** Keys are those of `contractKey`. */
export type Generations = {
  /**
   * Leases what runs for the client now, building it if nothing does yet. What a lease was taken of stays whole until
   * the lease is disposed of.
   *
   * @throws {TrellisError} NO_SCHEMA while none of the client's modules has registered, or they do not compose;
   *   CONTRACT_EMPTY where a partner's tags leave nothing
   */
  acquire(key: string): Promise<GenerationLease>
  /**
   * Swaps in, for every graph that runs, what it is now; one that has not changed is left alone. Those that changed for
   * themselves come first, then the busiest.
   */
  swap(): Promise<void>
  /** The same for one client, whatever else is under way; it is built where it is at rest. */
  serve(client: string): Promise<GenerationStatus | null>
  /** Null: at rest. */
  statusOf(key: string): GenerationStatus | null
  /** Why the graph as it is now is not what runs; empty where it is, or nobody has asked for it yet. */
  refusedOf(key: string): readonly CompositionError[]
  /** Calls back after each swap, and after a build; returns how to leave. */
  onChange(listener: (key: string, status: GenerationStatus) => void): () => void
  /** Calls back after each swap of this graph, which does not rest meanwhile; returns how to leave. */
  follow(key: string, onSwap: () => void): () => void
  /** Counts one subscriber until it is called back. */
  subscribed(key: string): () => void
  close: Close
}

export type GenerationsOptions<Source> = {
  /** The graph now; null when there is no such client, or nothing to compose. */
  graphOf(key: string): Source | null
  /** Changes exactly when the generation has to. */
  hashOf(graph: Source): string
  summarize(graph: Source): GraphSummary
  build(graph: Source, order: GenerationOrder): Promise<BuiltGeneration>
  /** @default 500 generations, 1,024 MB, 15 minutes without any use */
  bounds?: Partial<RestBounds> | undefined
  log: Log
}

const countMs = 10_000
const defaultBounds: RestBounds = { generations: 500, memoryMb: 1_024, idleCounts: 90 }
/** Of the most used operations, how many are planned for a new generation, and for how long a swap waits for them. */
const warmth = { own: { most: 50, ms: 300 }, wake: { most: 0, ms: 0 }, common: { most: 10, ms: 100 } }
/** Streams that are told of a swap in one turn of the event loop, and graphs that are looked at for a change. */
const toldAtOnce = 100
const lookedAtAtOnce = 100

/** The generation of each graph: built when first asked for, swapped by one assignment, closed when its last lease ends. */
export function createGenerations<Source>(options: GenerationsOptions<Source>): Generations {
  const { graphOf, hashOf, summarize, build, log } = options
  const bounds = { ...defaultBounds, ...options.bounds }
  const slots = new Map<string, Slot>()
  const draining = new Set<Running>()
  const listeners = new Set<(key: string, status: GenerationStatus) => void>()
  const performing = new Map<Slot, Promise<void>>()
  const commonLane = Symbol('common swaps')
  let phase: 'open' | 'closed' = 'open'

  const slotOf = (key: string) => {
    const slot = slots.get(key) ?? createSlot(key)
    slots.set(key, slot)
    return slot
  }
  const drain = (running: Running) => {
    draining.add(running)
    running.ended.promise.finally(() => draining.delete(running)).catch(() => undefined)
    retire(running, log)
  }
  const rest = (slot: Slot) => {
    if (slot.running) drain(slot.running)
    slot.running = null
    slot.busyness = 0
    slot.idle = 0
  }
  /** The client is gone, or has nothing left. */
  const end = (slot: Slot) => {
    rest(slot)
    if (slot.streams.size === 0 && slot.subscribers === 0) slots.delete(slot.key)
  }
  const makeRoom = (newcomer?: Slot) => {
    for (const slot of chooseToRest(slots.values(), bounds)) {
      if (slot === newcomer || performing.has(slot)) continue
      log.info({ client: slot.key }, 'a generation is put to rest')
      rest(slot)
    }
  }
  const swapIn = (slot: Slot, next: Running) => {
    const before = slot.running
    slot.built = next.generation.number
    slot.running = next
    next.activatedAt = new Date()
    if (before) drain(before)
    const { id: generation, number, reason } = next.generation
    log.info({ client: slot.key, generation, number, reason }, 'a new generation is served')
    for (const listener of listeners) listener(slot.key, readStatus(slot, next))
    tellStreams(slot).catch((error) => log.error({ err: error }, 'subscriptions were not told of a swap'))
    if (!before) makeRoom(slot)
  }
  const bringUpToDate = async (slot: Slot, concern: Concern) => {
    // A thousand that are made of the same take no time to build, and would hold the event loop one after the other.
    await turn()
    const graph = phase === 'open' ? graphOf(slot.key) : null
    if (!graph) return end(slot)
    const hash = hashOf(graph)
    if (slot.running?.generation.hash === hash || slot.refused?.hash === hash) return
    const lane = concern === 'common' ? commonLane : Symbol(slot.key)
    const summary = summarize(graph)
    const { reason } = describeChange(slot.summary, summary)
    const result = await build(graph, { number: slot.built + 1, reason, lane })
    slot.refused = result.ok ? null : { hash, error: refusal(result.errors), errors: result.errors }
    if (!result.ok) {
      log.error({ client: slot.key, errors: result.errors }, 'it does not compose; what runs goes on')
      // What its client shows to nobody any more does not go on.
      if (slot.refused?.error.code === 'CONTRACT_EMPTY') rest(slot)
      return
    }
    const next = createRunning(result.generation)
    await warm(slot, next, { lane, ...warmth[concern] })
    slot.summary = summary
    swapIn(slot, next)
  }
  const order = createSwapOrder<Slot>({
    perform(slot, concern) {
      const done = bringUpToDate(slot, concern).finally(() => performing.delete(slot))
      performing.set(slot, done)
      return done
    },
    busynessOf: ({ busyness, uses }) => busyness + uses,
  })
  const addOrLog = (slot: Slot, concern: Concern) =>
    order.add(slot, concern).catch((error) => {
      log.error({ err: error, client: slot.key }, 'a generation could not be built; what runs goes on')
    })
  /** What it is that concerns a slot now; null: nothing. */
  const concernOf = (slot: Slot): Concern | null => {
    if (!slot.running && !performing.has(slot)) return null
    const graph = graphOf(slot.key)
    if (!graph) return 'own'
    const hash = hashOf(graph)
    if (!performing.has(slot) && [slot.running?.generation.hash, slot.refused?.hash].includes(hash))
      return null
    return describeChange(slot.summary, summarize(graph)).isCommon ? 'common' : 'own'
  }
  const swap = async () => {
    const concerned: [Slot, Concern][] = []
    for (const [index, slot] of [...slots.values()].entries()) {
      if (index % lookedAtAtOnce === lookedAtAtOnce - 1) await turn()
      const concern = concernOf(slot)
      if (concern) concerned.push([slot, concern])
    }
    // All of them at once: the busiest among all is the first.
    await Promise.all(concerned.map(([slot, concern]) => addOrLog(slot, concern)))
  }
  const statusOf = (key: string) => {
    const slot = slots.get(key)
    return slot?.running ? readStatus(slot, slot.running) : null
  }
  const counting = setInterval(() => {
    for (const slot of slots.values()) {
      slot.idle = slot.uses > 0 ? 0 : slot.idle + 1
      slot.busyness = slot.busyness / 2 + slot.uses
      slot.uses = 0
    }
    makeRoom()
    // What could not be built, for a thread that was lost, is tried again.
    swap().catch((error) => log.error({ err: error }, 'a swap failed'))
  }, countMs)
  counting.unref()

  return {
    async acquire(key) {
      const known = slots.get(key)
      if (!known?.running && !graphOf(key)) throw noSchema()
      const slot = known ?? slotOf(key)
      slot.uses += 1
      if (!slot.running) await order.add(slot, 'wake')
      if (!slot.running) throw slot.refused?.error ?? noSchema()
      return lease(slot.running, log)
    },
    swap,
    async serve(client) {
      const contracts = [...slots.values()].filter(
        ({ key, running }) => running && readContractKey(key).client === client,
      )
      await Promise.all([...new Set([slotOf(client), ...contracts])].map((slot) => addOrLog(slot, 'own')))
      return statusOf(client)
    },
    statusOf,
    refusedOf(key) {
      const refused = slots.get(key)?.refused
      const graph = refused ? graphOf(key) : null
      // What was refused may be gone meanwhile.
      return graph && refused?.hash === hashOf(graph) ? refused.errors : []
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    follow(key, onSwap) {
      const { streams } = slotOf(key)
      streams.add(onSwap)
      return () => streams.delete(onSwap)
    },
    subscribed(key) {
      const slot = slotOf(key)
      slot.subscribers += 1
      return once(() => {
        slot.subscribers -= 1
      })
    },
    async close() {
      phase = 'closed'
      clearInterval(counting)
      while (performing.size > 0) await Promise.allSettled(performing.values())
      for (const slot of slots.values()) rest(slot)
      slots.clear()
      await Promise.race([
        Promise.all([...draining].map(({ ended }) => ended.promise)),
        deadline(operationTimeoutMs),
      ])
    },
  }
}

type Warmth = { lane: symbol; most: number; ms: number }

/** Resolves when the time is up; what is left is planned after the swap. */
async function warm({ running }: Slot, next: Running, { lane, most, ms }: Warmth): Promise<void> {
  const operations = running?.generation.planner.mostUsed(most) ?? []
  if (operations.length === 0) return
  const { signal } = next.retired
  await Promise.race([warmGeneration(next.generation, { operations, lane, signal }), deadline(ms)])
}

/** A few at a time: each looks whether it is still valid. */
async function tellStreams({ streams }: Slot): Promise<void> {
  let told = 0
  for (const onSwap of [...streams]) {
    onSwap()
    told += 1
    if (told % toldAtOnce === 0) await turn()
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}

function refusal(errors: readonly CompositionError[]): TrellisError {
  const empty = errors.find(({ code }) => code === 'CONTRACT_EMPTY')
  return empty ? new TrellisError('CONTRACT_EMPTY', empty.message) : noSchema()
}

function noSchema(): TrellisError {
  return new TrellisError('NO_SCHEMA', 'No module of this client has registered yet. Try again in a moment.')
}

function deadline(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
