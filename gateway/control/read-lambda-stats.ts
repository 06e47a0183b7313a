import { z } from 'zod'
import { lambdaAudience, type SignGatewayToken } from '../../foundation/gateway-token.ts'
import { quantileOf } from '../../foundation/latency-buckets.ts'
import type { Log } from '../../foundation/log.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import type { LambdaStats } from '../../schema/lambda-stats.ts'

export type BuildOfClient = { client: string; digest: string }

/** What the control graph says of one lambda. */
export type LambdaFigures = {
  name: string
  invocations: number
  errors: number
  p50Ms: number
  p99Ms: number
  memoryMb: number
}

/** Of the lambdas of a build that were called, by name; over all lambda hosts that answer. */
export type ReadLambdaStats = (
  build: BuildOfClient,
  viewer: Viewer,
) => Promise<ReadonlyMap<string, LambdaFigures>>

const timeoutMs = 2_000

const answerSchema: z.ZodType<{ stats: LambdaStats[] }> = z.object({
  stats: z.array(
    z.object({
      name: z.string(),
      invocations: z.number().int(),
      errors: z.number().int(),
      buckets: z.array(z.number().int()),
      memoryMb: z.number(),
    }),
  ),
})

export type LambdaHosts = {
  /** The base URLs of the hosts that are there. */
  urls(): string[]
  sign: SignGatewayToken
  log: Log
}

/** A host that does not answer is left out: figures are no reason to fail. */
export function createReadLambdaStats({ urls, sign, log }: LambdaHosts): ReadLambdaStats {
  return async ({ client, digest }, viewer) => {
    const authorization = `Bearer ${await sign({ viewer, depth: 0 }, lambdaAudience)}`
    const path = `/clients/${encodeURIComponent(client)}/builds/${encodeURIComponent(digest)}/stats`
    const read = async (url: string): Promise<LambdaStats[]> => {
      try {
        const signal = AbortSignal.timeout(timeoutMs)
        const response = await fetch(url.replace(/\/$/, '') + path, { headers: { authorization }, signal })
        return answerSchema.parse(await response.json()).stats
      } catch (error) {
        log.debug({ err: error, url }, 'a lambda host did not say how its lambdas do')
        return []
      }
    }
    const answers = await Promise.all(urls().map(read))
    return new Map([...addUp(answers.flat()).values()].map((stats) => [stats.name, figuresOf(stats)]))
  }
}

function addUp(all: readonly LambdaStats[]): ReadonlyMap<string, LambdaStats> {
  const sums = new Map<string, LambdaStats>()
  for (const one of all) {
    const sum = sums.get(one.name) ?? { name: one.name, invocations: 0, errors: 0, buckets: [], memoryMb: 0 }
    const longer = sum.buckets.length > one.buckets.length ? sum.buckets : one.buckets
    sums.set(one.name, {
      name: one.name,
      invocations: sum.invocations + one.invocations,
      errors: sum.errors + one.errors,
      buckets: longer.map((_, index) => (sum.buckets[index] ?? 0) + (one.buckets[index] ?? 0)),
      memoryMb: Math.max(sum.memoryMb, one.memoryMb),
    })
  }
  return sums
}

function figuresOf({ name, invocations, errors, buckets, memoryMb }: LambdaStats): LambdaFigures {
  return {
    ...{ name, invocations, errors, memoryMb },
    p50Ms: quantileOf(buckets, 0.5),
    p99Ms: quantileOf(buckets, 0.99),
  }
}
