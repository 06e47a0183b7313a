import type { GraphQLSchema } from 'graphql'
import { type PlanVariables, planVariables } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'

/** `planVariables`, for callers that still name the schema. */
export function coerceVariables(
  operation: PlannedOperation,
  _schema: GraphQLSchema,
  variables: Readonly<Record<string, unknown>>,
): PlanVariables {
  return planVariables(operation, variables)
}
