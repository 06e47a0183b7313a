/** What waits, in lanes that take turns: however long one lane is, the next of another one comes after one of it. */
export type FairQueue<Lane, Item> = {
  /** False when the lane is full. */
  add(lane: Lane, item: Item): boolean
  /** The first of the lane whose turn it is. */
  take(): Item | undefined
  /** Whether it still waited. */
  remove(lane: Lane, item: Item): boolean
  /** Empties the queue. */
  drain(): Item[]
}

/** @param perLane how many may wait in each lane */
export function createFairQueue<Lane, Item>(perLane: number): FairQueue<Lane, Item> {
  // Lanes in which something waits, the one whose turn it is first.
  const lanes = new Map<Lane, Set<Item>>()
  return {
    add(lane, item) {
      const waiting = lanes.get(lane) ?? new Set()
      if (waiting.size >= perLane) return false
      lanes.set(lane, waiting.add(item))
      return true
    },
    take() {
      for (const [lane, waiting] of lanes) {
        lanes.delete(lane)
        for (const item of waiting) {
          waiting.delete(item)
          if (waiting.size > 0) lanes.set(lane, waiting)
          return item
        }
      }
      return undefined
    },
    remove(lane, item) {
      const waiting = lanes.get(lane)
      if (!waiting?.delete(item)) return false
      if (waiting.size === 0) lanes.delete(lane)
      return true
    },
    drain() {
      const all = [...lanes.values()].flatMap((waiting) => [...waiting])
      lanes.clear()
      return all
    },
  }
}
