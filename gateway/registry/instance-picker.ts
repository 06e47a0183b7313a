import type { ModuleInstance } from './registry-state.ts'

export type InstancePicker = {
  /** The address of an instance of a module that is there, each in its turn; undefined when none is. */
  pick(module: string): string | undefined
  /** The addresses of all that are there. */
  living(module: string): string[]
  /** It could not be reached: for some seconds it is picked only where there is no other. Any address at its origin. */
  avoid(url: string): void
}

/** Longer than an instance takes to register again, and shorter than its lease: that one says when it is gone. */
const avoidedForMs = 5_000

/** What is known of who is there. */
type Known = {
  /** Leases that ended after this moment hold, in ms since the epoch. */
  leasesAsOf: number
  modules: ReadonlyMap<string, { instances: readonly Pick<ModuleInstance, 'url' | 'leaseExpiresAt'>[] }>
}

export function createInstancePicker(state: () => Known): InstancePicker {
  const avoidedUntil = new Map<string, number>()
  let turn = 0

  function isAvoided(url: string): boolean {
    if (avoidedUntil.size === 0) return false
    const origin = originOf(url)
    if ((avoidedUntil.get(origin) ?? 0) > Date.now()) return true
    avoidedUntil.delete(origin)
    return false
  }
  function living(module: string): string[] {
    const { modules, leasesAsOf } = state()
    const instances = modules.get(module)?.instances ?? []
    return instances
      .filter(({ leaseExpiresAt }) => leaseExpiresAt.getTime() > leasesAsOf)
      .map(({ url }) => url)
  }
  return {
    living,
    pick(module) {
      const urls = living(module)
      const reachable = urls.filter((url) => !isAvoided(url))
      const candidates = reachable.length > 0 ? reachable : urls
      turn += 1
      return candidates[turn % candidates.length]
    },
    avoid(url) {
      avoidedUntil.set(originOf(url), Date.now() + avoidedForMs)
    },
  }
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? url
}
