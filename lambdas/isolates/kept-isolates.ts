import type { PluginIsolate } from './create-isolate.ts'
import type { KeepLimits } from './process-settings.ts'

/** The isolates that are warm, by name. */
export type KeptIsolates = {
  add(name: string, client: string, isolate: PluginIsolate): void
  /** An isolate with the memory of its last use; it is not let go before `done` has been called. Null: not kept. */
  use(name: string): { isolate: PluginIsolate; done(): void } | null
  drop(name: string): void
  count(): number
}

type Kept = {
  name: string
  client: string
  isolate: PluginIsolate
  calls: number
  usedAt: number
  isDropped: boolean
}

/** Lets go of what was used longest ago: of a client that has too many, of all when memory runs short, and of idle ones. */
export function keepIsolates(limits: KeepLimits): KeptIsolates {
  // In the order of their last use.
  const kept = new Map<string, Kept>()

  function letGo(one: Kept): void {
    if (kept.get(one.name) === one) kept.delete(one.name)
    one.isDropped = true
    if (one.calls === 0) one.isolate.dispose()
  }

  function letGoOfIdle(): void {
    const before = performance.now() - limits.idleMs
    for (const one of kept.values()) if (one.calls === 0 && one.usedAt < before) letGo(one)
  }

  function makeRoom(client: string): void {
    const ofClient = [...kept.values()].filter((one) => one.client === client)
    for (const one of ofClient.slice(0, -limits.perClient)) letGo(one)
    let memoryMb = 0
    for (const one of kept.values()) memoryMb += one.isolate.memoryMb() ?? 0
    for (const one of kept.values()) {
      if (memoryMb <= limits.memoryMb) return
      if (one.calls > 0) continue
      memoryMb -= one.isolate.memoryMb() ?? 0
      letGo(one)
    }
  }

  setInterval(letGoOfIdle, Math.max(10, limits.idleMs / 4)).unref()
  return {
    add(name, client, isolate) {
      const replaced = kept.get(name)
      if (replaced) letGo(replaced)
      kept.set(name, { name, client, isolate, calls: 0, usedAt: performance.now(), isDropped: false })
      makeRoom(client)
    },
    use(name) {
      const one = kept.get(name)
      if (!one) return null
      kept.delete(name)
      kept.set(name, one)
      one.calls += 1
      return {
        isolate: one.isolate,
        done() {
          one.calls -= 1
          one.usedAt = performance.now()
          if (one.isDropped && one.calls === 0) one.isolate.dispose()
          else makeRoom(one.client)
        },
      }
    },
    drop(name) {
      const one = kept.get(name)
      if (one) letGo(one)
    },
    count: () => kept.size,
  }
}
