import { type GraphQLSchema, getVariableValues } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'

export type CoercedVariables =
  | { ok: true; variables: Readonly<Record<string, unknown>> }
  | { ok: false; errors: TrellisError[] }

/** The variables as the API schema has them, defaults filled in; BAD_USER_INPUT for each that does not fit. */
export function coerceVariables(
  { operation }: PlannedOperation,
  schema: GraphQLSchema,
  variables: Readonly<Record<string, unknown>>,
): CoercedVariables {
  const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables)
  if (coerced) return { ok: true, variables: coerced }
  return {
    ok: false,
    errors: errors.map(({ message, nodes }) => new TrellisError('BAD_USER_INPUT', message, { nodes })),
  }
}
