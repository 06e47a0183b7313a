import { activeRootFields } from '../execution/active-root-fields.ts'
import { askRules, type RuleRequest } from '../execution/ask-rules.ts'
import type { RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Rules } from '../transports/run-rules.ts'

/**
 * What the rule of a subscription makes of its arguments. It is asked when a subscription begins, and when a subscriber
 * comes back to go on; not for each event, nor when another generation takes over.
 *
 * @returns undefined where there is no rule
 * @throws {GraphQLError} the refusal, with the field's path
 */
export async function askSubscriptionRules(
  planned: PlannedOperation,
  rules: Rules | null,
  request: RuleRequest,
): Promise<RewrittenArguments | undefined> {
  if (!rules) return undefined
  const fields = activeRootFields(planned, request.variables)
  const ruled = fields.filter(({ coordinate }) => rules.coordinates.has(coordinate))
  if (ruled.length === 0) return undefined
  const { rewritten, refused } = await askRules(planned, ruled, { ...request, rules })
  for (const error of refused.values()) throw error
  return rewritten
}
