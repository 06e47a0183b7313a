import { hash } from 'node:crypto'
import type { ModuleInstance } from './registry-state.ts'

export type InstancePicker = {
  /**
   * The address of an instance of a module that is there; undefined when none is. Each in its turn, but for one `client`
   * always the same one as long as it is there, on every gateway.
   */
  pick(module: string, client?: string): string | undefined
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
    pick(module, client) {
      const urls = living(module)
      const reachable = urls.filter((url) => !isAvoided(url))
      const candidates = reachable.length > 0 ? reachable : urls
      if (client !== undefined) return nearest(candidates, client)
      turn += 1
      return candidates[turn % candidates.length]
    },
    avoid(url) {
      avoidedUntil.set(originOf(url), Date.now() + avoidedForMs)
    },
  }
}

/** Rendezvous: when an instance comes or goes, no client moves but to it or from it. */
function nearest(urls: readonly string[], client: string): string | undefined {
  if (urls.length < 2) return urls[0]
  const distances = urls.map((url) => ({ url, distance: hash('sha1', `${client} ${url}`) }))
  return distances.reduce((least, one) => (one.distance < least.distance ? one : least)).url
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? url
}
