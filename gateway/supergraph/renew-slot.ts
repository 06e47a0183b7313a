import { setTimeout as after, setImmediate as turn } from 'node:timers/promises'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { BuiltGeneration, GenerationOrder } from './generation.ts'
import { createRunning, type Running, type Slot } from './generation-slot.ts'
import type { GenerationSlots } from './generation-slots.ts'
import { describeChange, type GraphSummary } from './graph-change.ts'
import type { Concern } from './swap-order.ts'
import { warmGeneration } from './warm-generation.ts'

/** What generations are made of. */
export type GraphSource<Source> = {
  /** The graph now; null when there is no such client, or nothing to compose. */
  graphOf(key: string): Source | null
  /** Changes exactly when the generation has to. */
  hashOf(graph: Source): string
  summarize(graph: Source): GraphSummary
  build(graph: Source, order: GenerationOrder): Promise<BuiltGeneration>
}

/** Of the most used operations, how many are planned for a new generation, and for how long a swap waits for them. */
const warmth = { own: { most: 50, ms: 300 }, wake: { most: 0, ms: 0 }, common: { most: 10, ms: 100 } }
const commonLane = Symbol('common swaps')

/** Builds what a slot's graph is now, warms it and swaps it in; where that is what runs already, nothing happens. */
export async function renewSlot<Source>(
  slot: Slot,
  concern: Concern,
  { slots, source, log }: { slots: GenerationSlots; source: GraphSource<Source>; log: Log },
): Promise<void> {
  // A thousand that are made of the same take no time to build, and would hold the event loop one after the other.
  await turn()
  const graph = source.graphOf(slot.key)
  if (!graph) return slots.end(slot)
  const hash = source.hashOf(graph)
  if (slot.running?.generation.hash === hash || slot.refused?.hash === hash) return
  const lane = concern === 'common' ? commonLane : Symbol(slot.key)
  const summary = source.summarize(graph)
  const { reason } = describeChange(slot.summary, summary)
  const result = await source.build(graph, { number: slot.built + 1, reason, lane })
  slot.refused = result.ok ? null : { hash, error: refusal(result.errors), errors: result.errors }
  if (!result.ok) {
    log.error({ client: slot.key, errors: result.errors }, 'it does not compose; what runs goes on')
    // What its client shows to nobody any more does not go on.
    if (slot.refused?.error.code === 'CONTRACT_EMPTY') slots.rest(slot)
    return
  }
  const next = createRunning(result.generation)
  await warm(slot, next, { lane, ...warmth[concern] })
  slot.summary = summary
  slots.swapIn(slot, next)
}

type Warmth = { lane: symbol; most: number; ms: number }

/** Resolves when the time is up; what is left is planned after the swap. */
async function warm({ running }: Slot, next: Running, { lane, most, ms }: Warmth): Promise<void> {
  const operations = running?.generation.planner.mostUsed(most) ?? []
  if (operations.length === 0) return
  const { signal } = next.retired
  const warmed = warmGeneration(next.generation, { operations, lane, signal })
  await Promise.race([warmed, after(ms, undefined, { ref: false })])
}

function refusal(errors: readonly CompositionError[]): TrellisError {
  const empty = errors.find(({ code }) => code === 'CONTRACT_EMPTY')
  return empty ? new TrellisError('CONTRACT_EMPTY', empty.message) : noSchema()
}

export function noSchema(): TrellisError {
  return new TrellisError('NO_SCHEMA', 'No module of this client has registered yet. Try again in a moment.')
}
