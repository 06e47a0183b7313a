import { LRUCache } from 'lru-cache'
import type { Compose, ComposeOptions } from './compose.ts'
import type { Composition, SubgraphSource } from './compose-for-client.ts'
import { textHash } from './text-hash.ts'

const kept = { compositions: 200, characters: 16_000_000 }

/** Equal sources are composed once, also when many clients ask at the same time, and kept for the next who does. */
export function shareCompositions(compose: Compose): Compose {
  const compositions = new LRUCache<string, Composition>({
    max: kept.compositions,
    maxSize: kept.characters,
    sizeCalculation: (composition) => 1 + (composition.ok ? composition.supergraphSdl.length : 0),
  })
  const underWay = new Map<string, Promise<Composition>>()

  return (sources, options = {}) => {
    const key = keyOf(sources, options)
    const known = compositions.get(key)
    if (known) return Promise.resolve(known)
    const begun = underWay.get(key)
    if (begun) return begun
    const composing = compose(sources, options)
      .then((composition) => {
        compositions.set(key, composition)
        return composition
      })
      .finally(() => underWay.delete(key))
    underWay.set(key, composing)
    return composing
  }
}

function keyOf(sources: readonly SubgraphSource[], { tags = null }: ComposeOptions): string {
  return JSON.stringify([sources.map(({ name, sdl }) => [name, textHash(sdl)]), tags])
}
