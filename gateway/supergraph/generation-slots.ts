import { setTimeout as after } from 'node:timers/promises'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { chooseToRest, type RestBounds } from './choose-to-rest.ts'
import { createSlot, type Running, retire, type Slot } from './generation-slot.ts'
import { operationTimeoutMs } from './lifetime.ts'
import { tellStreams } from './tell-streams.ts'

/** The slots of all graphs, and which generation runs in each. Swapping is one assignment. */
export type GenerationSlots = {
  find(key: string): Slot | undefined
  /** Made where there is none. */
  of(key: string): Slot
  all(): Slot[]
  /** From here on it is served; what was before drains, and streams are told. */
  swapIn(slot: Slot, next: Running): void
  /** Nothing runs any more, until somebody asks. */
  rest(slot: Slot): void
  /** The client is gone, or has nothing left. */
  end(slot: Slot): void
  /** Of how much each was used lately; puts to rest what nobody used for long, and what is beyond the bounds. */
  count(): void
  /** Calls back after each swap, and after a build; returns how to leave. */
  onSwap(listener: SwapListener): () => void
  /** All rest; resolves when what drains has ended, or no operation can be in flight any more. */
  close: Close
}

export type SwapListener = (slot: Slot, running: Running) => void

export type SlotsOptions = {
  bounds: RestBounds
  /** Something is being built for it. */
  isBusy(slot: Slot): boolean
  log: Log
}

export function createSlots({ bounds, isBusy, log }: SlotsOptions): GenerationSlots {
  const slots = new Map<string, Slot>()
  const draining = new Set<Running>()
  const listeners = new Set<SwapListener>()

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
  const makeRoom = (newcomer?: Slot) => {
    for (const slot of chooseToRest(slots.values(), bounds)) {
      if (slot === newcomer || isBusy(slot)) continue
      log.info({ client: slot.key }, 'a generation is put to rest')
      rest(slot)
    }
  }

  return {
    find: (key) => slots.get(key),
    of(key) {
      const slot = slots.get(key) ?? createSlot(key)
      slots.set(key, slot)
      return slot
    },
    all: () => [...slots.values()],
    swapIn(slot, next) {
      const before = slot.running
      slot.built = next.generation.number
      slot.running = next
      next.activatedAt = new Date()
      if (before) drain(before)
      const { id: generation, number, reason } = next.generation
      log.info({ client: slot.key, generation, number, reason }, 'a new generation is served')
      for (const listener of listeners) listener(slot, next)
      tellStreams(slot).catch((error) => log.error({ err: error }, 'subscriptions were not told of a swap'))
      if (!before) makeRoom(slot)
    },
    rest,
    end(slot) {
      rest(slot)
      if (slot.streams.size === 0 && slot.subscribers === 0) slots.delete(slot.key)
    },
    count() {
      for (const slot of slots.values()) {
        slot.idle = slot.uses > 0 ? 0 : slot.idle + 1
        slot.busyness = slot.busyness / 2 + slot.uses
        slot.uses = 0
      }
      makeRoom()
    },
    onSwap(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      for (const slot of slots.values()) rest(slot)
      slots.clear()
      const ended = Promise.all([...draining].map(({ ended }) => ended.promise))
      await Promise.race([ended, after(operationTimeoutMs, undefined, { ref: false })])
    },
  }
}
