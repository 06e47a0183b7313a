import type { Viewer } from '../../foundation/viewer.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import type { LambdaFigures, ReadLambdaStats } from './read-lambda-stats.ts'

/** A release as the database has it, or one that was deployed just now and of which nobody has called anything. */
type ReleaseWithLambdas = {
  functions: readonly string[]
  client?: string
  digest?: string
  rules?: string[]
  handlers?: string[]
}

/** One lambda of a release; its figures are asked for when the first of them is wanted. */
type Lambda = { name: string; figures(viewer: Viewer): Promise<LambdaFigures | undefined> }

const figureNames = ['invocations', 'errors', 'p50Ms', 'p99Ms', 'memoryMb'] as const

/** How the lambdas of a release do: the hosts that run them know. */
export function createStatsResolvers(readStats: ReadLambdaStats) {
  const figure =
    (name: (typeof figureNames)[number]) =>
    async (lambda: Lambda, _arguments: unknown, { viewer }: OperationContext) =>
      (viewer && (await lambda.figures(viewer))?.[name]) ?? 0
  return {
    PluginRelease: {
      functions({ functions, rules = [], handlers = [], client, digest }: ReleaseWithLambdas): Lambda[] {
        let reading: ReturnType<ReadLambdaStats> | null = null
        const read = (viewer: Viewer) => {
          if (client === undefined || digest === undefined) return null
          reading ??= readStats({ client, digest }, viewer)
          return reading
        }
        const names = [
          ...functions,
          ...rules.map((rule) => `rule:${rule}`),
          ...handlers.map((type) => `on:${type}`),
        ]
        return names.map((name) => ({ name, figures: async (viewer) => (await read(viewer))?.get(name) }))
      },
    },
    LambdaStats: Object.fromEntries(figureNames.map((name) => [name, figure(name)])),
  }
}
