import { defaultLimits, type IsolateLimits } from '../isolates/isolate-limits.ts'
import { type BuildLimits, defaultBuildLimits } from './build-limits.ts'
import type { PluginRegistry } from './plugin-registry.ts'

export type LimitsOf = (client: string) => IsolateLimits & BuildLimits

/**
 * The limits that hold for a client's plugin: those that operators have changed before those of all. Equal ones are the
 * same object, so that a warm isolate is made anew only where its own have changed.
 */
export function createLimitsOf(registry: Pick<PluginRegistry, 'pluginOf'>): LimitsOf {
  const known = new Map<string, ReturnType<LimitsOf>>()
  const read = new WeakMap<object, ReturnType<LimitsOf>>()
  return (client) => {
    const { limits } = registry.pluginOf(client)
    const before = read.get(limits)
    if (before) return before
    const all = { ...defaultLimits, ...defaultBuildLimits, ...limits }
    const text = JSON.stringify(Object.entries(all).sort())
    const same = known.get(text) ?? all
    known.set(text, same)
    read.set(limits, same)
    return same
  }
}
