import { textHash } from '../composition/text-hash.ts'
import type { ClientGraph } from './client-graph.ts'

/** What a change between two graphs is about. */
export type GraphChange = {
  /** For people: `plugin release 4, module data 1.2.0`. */
  reason: string
  /** Only schemas of modules changed: it concerns all clients that have them. */
  isCommon: boolean
}

/** All of a graph that a change is told by; small, so that it can be kept of clients at rest. */
export type GraphSummary = {
  modules: ReadonlyMap<string, { version: string | null; hash: string }>
  release: number | null
}

export function summarize({ modules, plugin }: ClientGraph): GraphSummary {
  return {
    modules: new Map(
      modules.map(({ name, sdl, version = null }) => [name, { version, hash: textHash(sdl) }]),
    ),
    release: plugin?.number ?? null,
  }
}

/** @param before null: nothing has run yet */
export function describeChange(before: GraphSummary | null, after: GraphSummary): GraphChange {
  if (!before) return { reason: 'first use', isCommon: false }
  const own = [...describeRelease(before, after), ...describeSwitched(before, after)]
  const common = [...after.modules].flatMap(([name, { version, hash }]) => {
    const known = before.modules.get(name)
    if (!known || known.hash === hash) return []
    return version === null ? [`module ${name}`] : [`module ${name} ${version}`]
  })
  const reason = [...own, ...common].join(', ')
  return { reason: reason || 'used again', isCommon: own.length === 0 && common.length > 0 }
}

function describeRelease(before: GraphSummary, { release }: GraphSummary): string[] {
  if (release === before.release) return []
  return [release === null ? 'no plugin release' : `plugin release ${release}`]
}

function describeSwitched(before: GraphSummary, after: GraphSummary): string[] {
  const enabled = [...after.modules.keys()].filter((name) => !before.modules.has(name))
  const disabled = [...before.modules.keys()].filter((name) => !after.modules.has(name))
  return [
    ...enabled.map((name) => `module ${name} enabled`),
    ...disabled.map((name) => `module ${name} disabled`),
  ]
}
