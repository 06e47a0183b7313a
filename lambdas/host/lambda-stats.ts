import { LRUCache } from 'lru-cache'
import { bucketOf } from '../../foundation/latency-buckets.ts'
import type { LambdaStats } from '../../schema/lambda-stats.ts'
import type { LambdaOutcome, OnCrossing } from './run-lambdas.ts'

/** How the lambdas of each build have done since this host started. */
export type StatsKeeper = {
  note: OnCrossing
  /** Of the lambdas that were called. */
  of(client: string, digest: string): LambdaStats[]
}

const buildsKept = 2_000
/** Plugins may have many fields, but a build's code cannot make up names: they come from the gateway. */
const lambdasKept = 1_000

export function keepStats(): StatsKeeper {
  const builds = new LRUCache<string, Map<string, LambdaStats>>({ max: buildsKept })

  function statsOf(build: Map<string, LambdaStats>, name: string): LambdaStats | null {
    const known = build.get(name)
    if (known || build.size >= lambdasKept) return known ?? null
    const stats: LambdaStats = { name, invocations: 0, errors: 0, buckets: [], memoryMb: 0 }
    build.set(name, stats)
    return stats
  }

  return {
    note({ client, digest }, { calls, outcomes, ms, memoryMb }) {
      const key = `${client}/${digest}`
      const build = builds.get(key) ?? new Map<string, LambdaStats>()
      builds.set(key, build)
      for (const [index, { lambda }] of calls.entries()) {
        const stats = statsOf(build, lambda)
        if (!stats) continue
        stats.invocations += 1
        if (hasFailed(outcomes[index])) stats.errors += 1
        const bucket = bucketOf(ms)
        stats.buckets[bucket] = (stats.buckets[bucket] ?? 0) + 1
        if (memoryMb !== null) stats.memoryMb = memoryMb
      }
    },
    of: (client, digest) => [...(builds.get(`${client}/${digest}`)?.values() ?? [])].map(withoutHoles),
  }
}

function hasFailed(outcome: LambdaOutcome | undefined): boolean {
  return [outcome ?? []].flat().some((one) => 'error' in one)
}

/** JSON has no holes. */
function withoutHoles(stats: LambdaStats): LambdaStats {
  return { ...stats, buckets: Array.from(stats.buckets, (count) => count ?? 0) }
}
