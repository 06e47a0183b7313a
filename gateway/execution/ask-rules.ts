import { coerceInputValue, type GraphQLArgument, GraphQLError, isNonNullType } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { RuleOutcome, Rules } from '../transports/run-rules.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'
import type { ActiveRootField } from './active-root-fields.ts'

/** What became of root fields that have rules. */
export type Verdict = {
  rewritten: RewrittenArguments
  /** Why a field may not run, by response key; the errors have their place in the answer. */
  refused: ReadonlyMap<string, GraphQLError>
}

export type RuleRequest = {
  /** Of the plan. */
  variables: Readonly<Record<string, unknown>>
  caller: Caller
  signal: AbortSignal
}

type Arguments = Readonly<Record<string, unknown>>
type Read = { ok: true; args: Arguments } | { ok: false; error: GraphQLError }

/**
 * Asks the rules of all these fields at once. Whatever goes wrong refuses the field.
 *
 * @throws the signal's reason once it is aborted
 */
export async function askRules(
  planned: PlannedOperation,
  fields: readonly ActiveRootField[],
  { rules, ...request }: RuleRequest & { rules: Rules },
): Promise<Verdict> {
  const rewritten = new Map<string, Arguments>()
  const refused = new Map<string, GraphQLError>()
  const refuse = (field: ActiveRootField, error: GraphQLError) =>
    refused.set(field.responseKey, placed(error, field))

  const asked: { field: ActiveRootField; args: Arguments }[] = []
  for (const field of fields) {
    const read = argumentsOf(planned, field, request.variables)
    if (read.ok) asked.push({ field, args: read.args })
    else refuse(field, read.error)
  }
  const outcomes = await run(asked, { rules, ...request })
  for (const [index, { field }] of asked.entries()) {
    const decided = readOutcome(outcomes[index], field, request.caller)
    if (decided.ok) rewritten.set(field.responseKey, decided.args)
    else refuse(field, decided.error)
  }
  return { rewritten, refused }
}

async function run(
  asked: readonly { field: ActiveRootField; args: Arguments }[],
  { rules, caller, signal }: RuleRequest & { rules: Rules },
): Promise<readonly (RuleOutcome | GraphQLError | undefined)[]> {
  if (asked.length === 0) return []
  try {
    const calls = asked.map(({ field: { coordinate }, args }) => ({ coordinate, args }))
    return await rules.run(calls, caller, signal)
  } catch (error) {
    signal.throwIfAborted()
    const failure = error instanceof TrellisError ? error : rulesAway(error)
    return asked.map(() => failure)
  }
}

/** What the field would be given: all its arguments, defaults filled in. */
function argumentsOf(
  { rootArguments }: PlannedOperation,
  { responseKey, coordinate, definition }: ActiveRootField,
  variables: Readonly<Record<string, unknown>>,
): Read {
  const args: Record<string, unknown> = {}
  for (const { name, type, defaultValue } of definition?.args ?? []) {
    const own = rootArguments.find(
      (argument) => argument.responseKey === responseKey && argument.argument === name,
    )
    const isGiven = own !== undefined && Object.hasOwn(variables, own.variable)
    const value = isGiven ? variables[own.variable] : defaultValue
    if (isNonNullType(type) && (value === undefined || value === null)) {
      const message = `Argument "${name}" of "${coordinate}" must not be null.`
      return { ok: false, error: new TrellisError('BAD_USER_INPUT', message) }
    }
    if (value !== undefined) args[name] = value
  }
  return { ok: true, args }
}

function readOutcome(
  outcome: RuleOutcome | GraphQLError | undefined,
  { coordinate, definition }: ActiveRootField,
  { viewer }: Caller,
): Read {
  if (outcome instanceof GraphQLError) return { ok: false, error: outcome }
  if (!outcome) return invalid(coordinate, 'nothing')
  if ('reject' in outcome) {
    const { code, message } = outcome.reject
    return { ok: false, error: new GraphQLError(message, { extensions: { code, client: viewer?.client } }) }
  }
  if ('error' in outcome) {
    const { code, message } = outcome.error
    return { ok: false, error: new GraphQLError(message, { extensions: { code } }) }
  }
  return coerceArguments(outcome.args, definition?.args ?? [], coordinate)
}

/** A rule answers as a client would write: what it leaves out has its default. */
function coerceArguments(answered: unknown, declared: readonly GraphQLArgument[], coordinate: string): Read {
  if (typeof answered !== 'object' || answered === null || Array.isArray(answered))
    return invalid(coordinate, 'no object')
  const given = new Map(Object.entries(answered))
  const unknown = [...given.keys()].find((name) => !declared.some((argument) => argument.name === name))
  if (unknown !== undefined) return invalid(coordinate, `"${unknown}", which is no argument of it`)
  const args: Record<string, unknown> = {}
  for (const { name, type, defaultValue } of declared) {
    if (!given.has(name)) {
      if (defaultValue !== undefined) args[name] = defaultValue
      else if (isNonNullType(type)) return invalid(coordinate, `no "${name}"`)
      continue
    }
    let fits = true
    args[name] = coerceInputValue(given.get(name), type, () => {
      fits = false
    })
    if (!fits) return invalid(coordinate, `a value of "${name}" that is no ${String(type)}`)
  }
  return { ok: true, args }
}

function invalid(coordinate: string, what: string): Read {
  const message = `The rule of "${coordinate}" answered ${what}; the field was not run.`
  return { ok: false, error: new TrellisError('RULE_INVALID_RESULT', message) }
}

function rulesAway(cause: unknown): TrellisError {
  return new TrellisError('LAMBDA_UNAVAILABLE', 'The rules of this field cannot be asked; it was not run.', {
    originalError: cause instanceof Error ? cause : null,
  })
}

/** As graphql-js would place it, had the field's resolver thrown it. */
export function placed(error: GraphQLError, { responseKey, nodes }: ActiveRootField): GraphQLError {
  const { message, extensions } = error
  return new GraphQLError(message, { nodes, path: [responseKey], extensions, originalError: error })
}
