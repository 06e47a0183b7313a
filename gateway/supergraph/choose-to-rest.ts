import type { Slot } from './generation-slot.ts'

export type RestBounds = {
  /** Generations at once. */
  generations: number
  /** What they may take together, as far as can be estimated. In megabytes. */
  memoryMb: number
  /** Who was not used in so many counts in a row is put to rest. */
  idleCounts: number
}

/**
 * The slots to be put to rest: those that nobody used for long, and, beyond the bounds, those used least. What is leased
 * or subscribed to stays, also beyond the bounds.
 */
export function chooseToRest(
  slots: Iterable<Slot>,
  { generations, memoryMb, idleCounts }: RestBounds,
): Slot[] {
  const running = [...slots].filter((slot) => slot.running !== null)
  const mayRest = running.filter(
    ({ running, streams, subscribers }) => running?.leases === 0 && streams.size === 0 && subscribers === 0,
  )
  const chosen = new Set(mayRest.filter(({ idle }) => idle >= idleCounts))
  const staying = () => running.filter((slot) => !chosen.has(slot))
  if (!isBeyond(staying(), { generations, memoryMb })) return [...chosen]
  const leastUsedFirst = mayRest
    .filter((slot) => !chosen.has(slot))
    .sort((one, other) => other.idle - one.idle || usesOf(one) - usesOf(other))
  for (const slot of leastUsedFirst) {
    if (!isBeyond(staying(), { generations, memoryMb })) break
    chosen.add(slot)
  }
  return [...chosen]
}

function usesOf({ busyness, uses }: Slot): number {
  return busyness + uses
}

function isBeyond(
  slots: readonly Slot[],
  { generations, memoryMb }: Omit<RestBounds, 'idleCounts'>,
): boolean {
  return slots.length > generations || estimateMemory(slots) > memoryMb * 1024 * 1024
}

/** Measured (docs/adr/0091): what is made of a supergraph, which equal ones share, and what each client has besides. */
const bytesPerCharacter = 30
const bytesPerClient = 30_000

function estimateMemory(slots: readonly Slot[]): number {
  const supergraphs = new Map(
    slots.flatMap(({ running }) =>
      running ? [[running.generation.planner.schema, running.generation.supergraphSdl.length] as const] : [],
    ),
  )
  const characters = [...supergraphs.values()].reduce((sum, length) => sum + length, 0)
  return characters * bytesPerCharacter + slots.length * bytesPerClient
}
