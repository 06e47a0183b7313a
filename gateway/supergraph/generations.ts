import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { BuiltGeneration, Generation } from './generation.ts'
import { operationTimeoutMs } from './lifetime.ts'

export type GenerationLease = Disposable & { generation: Generation }

export type Generations = {
  /**
   * Leases what runs for the client now, building it if nothing does yet. What a lease was taken of stays whole until
   * the lease is disposed of.
   *
   * @throws {TrellisError} NO_SCHEMA while none of the client's modules has registered, or they do not compose
   */
  acquire(client: string): Promise<GenerationLease>
  /** Swaps in, for every client that runs, what its graph is now; one whose graph has not changed is left alone. */
  swap(): Promise<void>
  close: Close
}

export type GenerationsOptions<Source> = {
  /** The client's graph now; null when there is no such client, or nothing to compose. */
  graphOf(client: string): Source | null
  /** Changes exactly when the generation has to. */
  hashOf(graph: Source): string
  build(graph: Source, number: number): Promise<BuiltGeneration>
  log: Log
}

type Running = {
  generation: Generation
  leases: number
  isRetired: boolean
  ended: PromiseWithResolvers<void>
}
type Slot = { running: Running | null; building: Promise<void> | null; built: number }

/** The generation of each client: built when first asked for, swapped by one assignment, closed when its last lease ends. */
export function createGenerations<Source>({
  graphOf,
  hashOf,
  build,
  log,
}: GenerationsOptions<Source>): Generations {
  const slots = new Map<string, Slot>()
  const draining = new Set<Running>()

  const slotOf = (client: string) => {
    const slot = slots.get(client) ?? { running: null, building: null, built: 0 }
    slots.set(client, slot)
    return slot
  }
  const retire = (running: Running) => {
    running.isRetired = true
    draining.add(running)
    running.ended.promise.finally(() => draining.delete(running)).catch(() => undefined)
    endIfIdle(running, log)
  }
  const end = (slot: Slot) => {
    if (slot.running) retire(slot.running)
    slot.running = null
  }
  const bringUpToDate = async (client: string, slot: Slot) => {
    const graph = graphOf(client)
    if (!graph) return end(slot)
    if (slot.running?.generation.hash === hashOf(graph)) return
    const result = await build(graph, slot.built + 1)
    if (!result.ok) {
      log.error({ client, errors: result.errors }, 'the supergraph does not compose; what runs goes on')
      return
    }
    slot.built += 1
    const retired = slot.running
    slot.running = {
      generation: result.generation,
      leases: 0,
      isRetired: false,
      ended: Promise.withResolvers(),
    }
    log.info({ client, generation: result.generation.id, number: slot.built }, 'a new generation is served')
    if (retired) retire(retired)
  }
  /** One build at a time for each client; a change that comes meanwhile is seen by the build after it. */
  const settle = (client: string, slot: Slot) => {
    const before = slot.building ?? Promise.resolve()
    const building = before
      .catch(() => undefined)
      .then(() => bringUpToDate(client, slot))
      .finally(() => {
        if (slot.building === building) slot.building = null
      })
    slot.building = building
    return building
  }

  return {
    async acquire(client) {
      const slot = slots.get(client)
      if (slot?.running) return lease(slot.running, log)
      if (!graphOf(client)) throw noSchema()
      const fresh = slotOf(client)
      await (fresh.building ?? settle(client, fresh))
      if (!fresh.running) throw noSchema()
      return lease(fresh.running, log)
    },
    async swap() {
      for (const [client, slot] of slots) {
        if (!slot.running && !slot.building) continue
        await settle(client, slot).catch((error) => {
          log.error({ err: error, client }, 'a generation could not be built; what runs goes on')
        })
      }
    },
    async close() {
      for (const slot of slots.values()) {
        await slot.building?.catch(() => undefined)
        end(slot)
      }
      slots.clear()
      await Promise.race([
        Promise.all([...draining].map(({ ended }) => ended.promise)),
        deadline(operationTimeoutMs),
      ])
    },
  }
}

function lease(running: Running, log: Log): GenerationLease {
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

function endIfIdle({ generation, leases, isRetired, ended }: Running, log: Log): void {
  if (!isRetired || leases > 0) return
  generation.close().then(ended.resolve, (error) => {
    log.warn({ err: error, generation: generation.id }, 'a generation could not be closed cleanly')
    ended.resolve()
  })
}

function noSchema(): TrellisError {
  return new TrellisError('NO_SCHEMA', 'No module of this client has registered yet. Try again in a moment.')
}

function deadline(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
