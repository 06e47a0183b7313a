import { LRUCache } from 'lru-cache'
import type { OperationText, PreparedOperation } from './prepared-operation.ts'
import type { SharedOperations } from './shared-supergraphs.ts'

/** What one planner keeps of the operations it was asked for, the refused ones too. */
export type KeptOperations = {
  get(text: OperationText): PreparedOperation | undefined
  set(text: OperationText, prepared: PreparedOperation): void
  /** Those asked for most often while they were kept, the most used first; refused ones are not among them. */
  mostUsed(count: number): OperationText[]
}

type Kept = { text: OperationText; prepared: PreparedOperation; uses: number }

/** At most 2,000 operations. A bound by number alone would take its room at once, for each client. */
const bounds = { characters: 4_000_000, atLeast: 2_000 }

/** @param shared those of all planners of the supergraph: found there, kept here */
export function createKeptOperations(shared: SharedOperations): KeptOperations {
  const kept = new LRUCache<string, Kept>({
    maxSize: bounds.characters,
    sizeCalculation: (_kept, key) => Math.max(key.length, bounds.atLeast),
  })
  const keep = (key: string, { query, operationName }: OperationText, prepared: PreparedOperation) => {
    kept.set(key, { text: { query, operationName }, prepared, uses: 1 })
    return prepared
  }
  return {
    get(text) {
      const key = keyOf(text)
      const known = kept.get(key)
      if (known) {
        known.uses += 1
        return known.prepared
      }
      const elsewhere = shared.get(key)
      return elsewhere && keep(key, text, elsewhere)
    },
    set(text, prepared) {
      const key = keyOf(text)
      keep(key, text, prepared)
      // A refusal may be about this planner's turn, and not about the operation.
      if (prepared.ok) shared.set(key, prepared)
    },
    mostUsed(count) {
      return [...kept.values()]
        .filter(({ prepared }) => prepared.ok)
        .sort((one, other) => other.uses - one.uses)
        .slice(0, count)
        .map(({ text }) => text)
    },
  }
}

export function keyOf({ query, operationName }: OperationText): string {
  return `${operationName ?? ''}\n${query}`
}
