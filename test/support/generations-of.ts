import type { Acquire, GraphGenerations } from '../../gateway/subscriptions/upstream.ts'

/** Generations of which the test says itself which one is there, and when one was swapped in. */
export function generationsOf(
  acquire: Acquire,
): GraphGenerations & { swapped(): void; subscribers(): number } {
  const listeners = new Set<() => void>()
  let subscribers = 0
  return {
    acquire,
    onSwap(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    subscribed() {
      subscribers += 1
      return () => {
        subscribers -= 1
      }
    },
    swapped() {
      for (const listener of [...listeners]) listener()
    },
    subscribers: () => subscribers,
  }
}
