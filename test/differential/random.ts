/** Choices that look random and are the same for the same seed, on every machine. */
export type Random = {
  /** 0 <= n < below */
  int(below: number): number
  chance(probability: number): boolean
  /** @throws on an empty list */
  pick<Item>(items: readonly Item[]): Item
  /** Each item with the same probability, in their order. */
  some<Item>(items: readonly Item[], probability: number): Item[]
}

export function randomFrom(...seed: (string | number)[]): Random {
  const name = seed.join('/')
  let drawn = 0
  const next = () => fractionOf(`${name}#${drawn++}`)
  return {
    int: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('There is nothing to pick from.')
      return item
    },
    some: (items, probability) => items.filter(() => next() < probability),
  }
}

/** 32 bits: FNV-1a, and a final mix so that texts that end alike differ in their high bits too. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** 0 <= n < 1 */
export function fractionOf(text: string): number {
  return hashOf(text) / 2 ** 32
}
