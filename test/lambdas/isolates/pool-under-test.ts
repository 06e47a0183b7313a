import type { Close } from '../../../foundation/closing.ts'
import { silentLog } from '../../../foundation/log.ts'
import { defaultPool, type IsolatePoolOptions, openIsolatePool } from '../../../lambdas/host/isolate-pool.ts'
import type { Ask } from '../../../lambdas/host/isolate-process.ts'
import {
  createRunLambdas,
  type LambdaCall,
  type LambdaOutcome,
  type OnCrossing,
} from '../../../lambdas/host/run-lambdas.ts'
import { defaultLimits, type IsolateLimits } from '../../../lambdas/isolates/isolate-limits.ts'

export type Run = {
  client?: string
  /** Names the build: the same one runs in the same isolate. */
  digest: string
  /** The members of the plugin, as an object's. */
  plugin: string
  limits?: Partial<IsolateLimits>
  ask?: Ask
  repeatable?: boolean
}

export type PoolUnderTest = {
  run(run: Run, calls: readonly LambdaCall[]): Promise<LambdaOutcome[]>
  /** Of one root field, `Query.answer`: its value, or the code it failed with. */
  answer(run: Run, args?: object): Promise<unknown>
  drop(isolate: string): void
  close: Close
}

/** Real processes of isolates, without the host around them. */
export function openPool(
  onCrossing: readonly OnCrossing[] = [],
  options: Partial<IsolatePoolOptions> = {},
): PoolUnderTest {
  const pool = openIsolatePool({ ...defaultPool, log: silentLog, ...options })
  const runLambdas = createRunLambdas(pool, onCrossing)
  const known = new Map<string, IsolateLimits>()
  /** Equal limits are the same object: others would make an isolate anew. */
  const limitsOf = (limits: Partial<IsolateLimits>) => {
    const name = JSON.stringify(limits)
    const all = known.get(name) ?? { ...defaultLimits, ...limits }
    known.set(name, all)
    return all
  }
  const run: PoolUnderTest['run'] = (
    { client = 'acme', digest, plugin, limits = {}, ask = async () => '{"answer":null}', repeatable = true },
    calls,
  ) => {
    const bundle = `var __plugin = { default: { ${plugin} } }`
    const facts = { viewer: { kind: 'USER' as const }, flags: [] }
    return runLambdas({ client, digest, bundle, limits: limitsOf(limits) }, calls, { facts, ask, repeatable })
  }
  return {
    run,
    async answer(of, args = {}) {
      const [outcome] = await run(of, [{ lambda: 'Query.answer', parent: null, args }])
      if (!outcome || Array.isArray(outcome)) throw new Error('one outcome for a root field')
      return 'error' in outcome ? outcome.error.code : outcome.value
    },
    drop: pool.drop,
    close: pool.close,
  }
}

/** The members of a plugin of `Query.answer`. */
export const answers = (lambda: string) => `resolvers: { Query: { answer: ${lambda} } }`
