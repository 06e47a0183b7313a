import { z } from 'zod'
import type { Caller } from './ctx/caller.ts'
import type { OpenCall } from './ctx/open-call.ts'
import type { FindBuild } from './find-build.ts'
import type { LimitsOf } from './limits-of.ts'
import type { LambdaOutcome, RunLambdas } from './run-lambdas.ts'
import type { PluginCall } from './run-plugin.ts'

/** A root field that is to be run, and its arguments: `Mutation.createRecord`. */
export type RuleCall = { coordinate: string; args: Record<string, unknown> }

/** What a client's rule says: these arguments, or no. `error`: it failed, which is no, too. */
export type RuleOutcome =
  | { args: Record<string, unknown> }
  | { reject: { code: string; message: string } }
  | { error: { code: string; message: string } }

/** Total: an outcome for each call, in their order. */
export type RunRules = (calls: readonly RuleCall[], call: PluginCall) => Promise<RuleOutcome[]>

export type RuleRunnerOptions = {
  findBuild: FindBuild
  limitsOf: LimitsOf
  runLambdas: RunLambdas
  openCall: (caller: Caller) => OpenCall
}

const decisionSchema = z.union([
  z.strictObject({
    reject: z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), message: z.string().max(1000) }),
  }),
  z.strictObject({ args: z.record(z.string(), z.unknown()) }),
])

/** Asks a build's rules, all of them at once. A rule may keep state, so that none is asked twice for one field. */
export function createRuleRunner({ findBuild, limitsOf, runLambdas, openCall }: RuleRunnerOptions): RunRules {
  return async (calls, call) => {
    const { client, digest } = call
    const { bundle } = await findBuild(client, digest)
    const { facts, ask } = openCall(call)
    const outcomes = await runLambdas(
      { client, digest, bundle, limits: limitsOf(client) },
      calls.map(({ coordinate, args }) => {
        const [type, field] = coordinate.split('.')
        return { lambda: `rule:${coordinate}`, argument: { field, type, args, viewer: facts.viewer } }
      }),
      { facts, ask, repeatable: calls.every(({ coordinate }) => coordinate.startsWith('Query.')) },
    )
    return outcomes.map(readDecision)
  }
}

function readDecision(outcome: LambdaOutcome): RuleOutcome {
  if ('error' in outcome) return { error: { code: outcome.error.code, message: outcome.error.message } }
  const decision = decisionSchema.safeParse('value' in outcome ? outcome.value : null)
  if (decision.success) return decision.data
  const message = 'A rule returns arguments, or what ctx.reject made of a CODE_LIKE_THIS and a message.'
  return { error: { code: 'LAMBDA_INVALID_RESULT', message } }
}
