import { type GraphQLError, getVariableValues, type ValueNode, valueFromAST } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { isLongerThan } from '../../foundation/json-length.ts'
import type { PlannedOperation } from './planned-operation.ts'
import { privateVariable } from './private-variables.ts'
import type { RootArgument } from './root-arguments.ts'

type Variables = Readonly<Record<string, unknown>>

export type PlanVariables =
  | { ok: true; variables: Variables }
  /** BAD_USER_INPUT for each variable, or argument, that does not fit. */
  | { ok: false; errors: TrellisError[] }

/** All arguments of some root fields, by response key, in place of the client's; they fit their types. */
export type RewrittenArguments = ReadonlyMap<string, Readonly<Record<string, unknown>>>

/** Twice what a request may have. What it leaves out may be filled in with more than the request itself. */
const mostChars = 8 * 1024 * 1024

/**
 * The variables of one execution of a plan, by the plan's private names: the client's, and one for each argument of a
 * root field, coerced as the API schema says. What the client left out is left out here: absent and null are not the
 * same, and an argument's default is filled in by the subgraph.
 *
 * @param clientVariables as the client sent them
 */
export function planVariables(
  planned: PlannedOperation,
  clientVariables: Variables,
  rewritten?: RewrittenArguments,
): PlanVariables {
  const { operation, rootArguments, schema } = planned
  const definitions = operation.variableDefinitions ?? []
  const { coerced, errors } = getVariableValues(schema, definitions, clientVariables)
  if (errors) return { ok: false, errors: errors.map(({ message, nodes }) => invalid(message, nodes)) }
  const variables: Record<string, unknown> = {}
  for (const name of Object.keys(coerced)) variables[privateVariable(name)] = coerced[name]
  const faults: TrellisError[] = []
  for (const argument of rootArguments) {
    const given = rewrittenValue(argument, rewritten) ?? givenValue(argument, coerced)
    if (given.ok) variables[argument.variable] = given.value
    else if (given.error) faults.push(given.error)
  }
  if (faults.length > 0) return { ok: false, errors: faults }
  return isLongerThan(mostChars, variables) ? { ok: false, errors: [tooLong()] } : { ok: true, variables }
}

type GivenValue = { ok: true; value: unknown } | { ok: false; error: TrellisError | null }

const absent: GivenValue = { ok: false, error: null }

function rewrittenValue(
  { responseKey, argument }: RootArgument,
  rewritten: RewrittenArguments | undefined,
): GivenValue | undefined {
  const values = rewritten?.get(responseKey)
  if (!values) return undefined
  return Object.hasOwn(values, argument) ? { ok: true, value: values[argument] } : absent
}

function givenValue({ value, type, argument, coordinate }: RootArgument, coerced: Variables): GivenValue {
  switch (value.kind) {
    case 'absent':
      return absent
    case 'constant':
      return { ok: true, value: value.value }
    case 'variable':
      return Object.hasOwn(coerced, value.name) ? { ok: true, value: coerced[value.name] } : absent
    case 'mixed': {
      // A variable may be null where a field of an input type has a default and may not be.
      const mixed = valueFromAST(value.node, type, coerced)
      if (mixed !== undefined) return { ok: true, value: mixed }
      const message = `Argument "${argument}" of "${coordinate}" does not fit its type with these variables.`
      return { ok: false, error: invalid(message, [value.node]) }
    }
    default:
      return value satisfies never
  }
}

function tooLong(): TrellisError {
  return new TrellisError(
    'BAD_USER_INPUT',
    'The variables are too long with what their types fill in; send fewer of them.',
  )
}

function invalid(message: string, nodes: GraphQLError['nodes'] | readonly ValueNode[]): TrellisError {
  return new TrellisError('BAD_USER_INPUT', message, { nodes })
}
