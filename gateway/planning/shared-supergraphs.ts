import type { GraphSchemas } from './graph-schemas.ts'
import type { PreparedOperation } from './prepared-operation.ts'

/** What all planners of one supergraph have in common: made of the supergraph and of operations' texts alone. */
export type SharedSupergraph = {
  schemas: GraphSchemas
  operations: SharedOperations
}

type Planned = Extract<PreparedOperation, { ok: true }>

/**
 * Operations that some planner of the supergraph keeps at present. It keeps none itself: each planner has its own
 * bound, so that one client's many operations push out no other's.
 */
export type SharedOperations = {
  get(key: string): Planned | undefined
  set(key: string, operation: Planned): void
}

export type SharedSupergraphs = {
  /** Calls `build` unless a planner of that supergraph exists, or is being made. */
  get(hash: string, build: () => Promise<GraphSchemas>): Promise<SharedSupergraph>
}

/** Clients whose supergraphs are equal share what is made of them, for as long as one of them uses it. */
export function createSharedSupergraphs(): SharedSupergraphs {
  const shared = createWeakMap<SharedSupergraph>()
  const underWay = new Map<string, Promise<SharedSupergraph>>()
  const begin = (hash: string, build: () => Promise<GraphSchemas>) => {
    const building = build()
      .then((schemas) => {
        const supergraph = { schemas, operations: createWeakMap<Planned>() }
        shared.set(hash, supergraph)
        return supergraph
      })
      .finally(() => underWay.delete(hash))
    underWay.set(hash, building)
    return building
  }
  return {
    async get(hash, build) {
      return shared.get(hash) ?? underWay.get(hash) ?? begin(hash, build)
    },
  }
}

/** Values that somebody else keeps. */
function createWeakMap<Value extends WeakKey>() {
  const references = new Map<string, WeakRef<Value>>()
  const gone = new FinalizationRegistry<string>((key) => {
    if (!references.get(key)?.deref()) references.delete(key)
  })
  return {
    get: (key: string) => references.get(key)?.deref(),
    set(key: string, value: Value) {
      references.set(key, new WeakRef(value))
      gone.register(value, key)
    },
  }
}
