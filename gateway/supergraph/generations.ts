import { setImmediate as turn } from 'node:timers/promises'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { RestBounds } from './choose-to-rest.ts'
import { type GenerationLease, lease, type Slot } from './generation-slot.ts'
import { createSlots } from './generation-slots.ts'
import { type GenerationStatus, readStatus } from './generation-status.ts'
import { describeChange } from './graph-change.ts'
import { readContractKey } from './graph-key.ts'
import { type GraphSource, noSchema, renewSlot } from './renew-slot.ts'
import { type Concern, createSwapOrder } from './swap-order.ts'

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

export type GenerationsOptions<Source> = GraphSource<Source> & {
  /** @default 500 generations, 1,024 MB, 15 minutes without any use */
  bounds?: Partial<RestBounds> | undefined
  log: Log
}

const countMs = 10_000
const defaultBounds: RestBounds = { generations: 500, memoryMb: 1_024, idleCounts: 90 }
/** Graphs that are looked at for a change in one turn of the event loop. */
const lookedAtAtOnce = 100

/** The generation of each graph: built when first asked for, swapped by one assignment, closed when its last lease ends. */
export function createGenerations<Source>(options: GenerationsOptions<Source>): Generations {
  const { hashOf, summarize, build, log } = options
  let phase: 'open' | 'closed' = 'open'
  const graphOf = (key: string) => (phase === 'open' ? options.graphOf(key) : null)
  const source = { graphOf, hashOf, summarize, build }
  const renewing = new Map<Slot, Promise<void>>()
  const slots = createSlots({
    bounds: { ...defaultBounds, ...options.bounds },
    isBusy: (slot) => renewing.has(slot),
    log,
  })
  const order = createSwapOrder<Slot>({
    perform(slot, concern) {
      const done = renewSlot(slot, concern, { slots, source, log }).finally(() => renewing.delete(slot))
      renewing.set(slot, done)
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
    const { running, refused, summary } = slot
    const isRenewed = renewing.has(slot)
    if (!running && !isRenewed) return null
    const graph = graphOf(slot.key)
    if (!graph) return 'own'
    if (!isRenewed && [running?.generation.hash, refused?.hash].includes(hashOf(graph))) return null
    return describeChange(summary, summarize(graph)).isCommon ? 'common' : 'own'
  }
  const swap = async () => {
    const concerned: [Slot, Concern][] = []
    for (const [index, slot] of slots.all().entries()) {
      if (index % lookedAtAtOnce === lookedAtAtOnce - 1) await turn()
      const concern = concernOf(slot)
      if (concern) concerned.push([slot, concern])
    }
    // All of them at once: the busiest among all is the first.
    await Promise.all(concerned.map(([slot, concern]) => addOrLog(slot, concern)))
  }
  const statusOf = (key: string) => {
    const slot = slots.find(key)
    return slot?.running ? readStatus(slot, slot.running) : null
  }
  const counting = setInterval(() => {
    slots.count()
    // What could not be built, for a thread that was lost, is tried again.
    swap().catch((error) => log.error({ err: error }, 'a swap failed'))
  }, countMs)
  counting.unref()

  return {
    async acquire(key) {
      const known = slots.find(key)
      if (!known?.running && !graphOf(key)) throw noSchema()
      const slot = known ?? slots.of(key)
      slot.uses += 1
      if (!slot.running) await order.add(slot, 'wake')
      if (!slot.running) throw slot.refused?.error ?? noSchema()
      return lease(slot.running, log)
    },
    swap,
    async serve(client) {
      const contracts = slots
        .all()
        .filter(({ key, running }) => running && readContractKey(key).client === client)
      await Promise.all([...new Set([slots.of(client), ...contracts])].map((slot) => addOrLog(slot, 'own')))
      return statusOf(client)
    },
    statusOf,
    refusedOf(key) {
      const refused = slots.find(key)?.refused
      const graph = refused ? graphOf(key) : null
      // What was refused may be gone meanwhile.
      return graph && refused?.hash === hashOf(graph) ? refused.errors : []
    },
    onChange: (listener) => slots.onSwap((slot, running) => listener(slot.key, readStatus(slot, running))),
    follow(key, onSwap) {
      const { streams } = slots.of(key)
      streams.add(onSwap)
      return () => streams.delete(onSwap)
    },
    subscribed(key) {
      const slot = slots.of(key)
      slot.subscribers += 1
      return once(() => {
        slot.subscribers -= 1
      })
    },
    async close() {
      phase = 'closed'
      clearInterval(counting)
      while (renewing.size > 0) await Promise.allSettled(renewing.values())
      await slots.close()
    },
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
