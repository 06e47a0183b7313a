import { type ExecutionResult, GraphQLError, isNonNullType, OperationTypeNode } from 'graphql'
import type { Planner } from '../planning/create-planner.ts'
import { createDeriveOperation, type DeriveOperation } from '../planning/derived-operation.ts'
import { planVariables } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import { rootCoordinates } from '../planning/root-arguments.ts'
import type { Rules } from '../transports/run-rules.ts'
import { type ActiveRootField, activeRootFields } from './active-root-fields.ts'
import { askRules, placed, type Verdict } from './ask-rules.ts'
import { type ExecutionRequest, type Executor, executing } from './create-executor.ts'
import { mostErrors } from './read-response.ts'

/**
 * Asks the rules of root fields before these run. A field that is refused is not fetched, and is null; the rest goes on.
 *
 * A query's rules are asked at once, before anything is fetched. A mutation's are asked in turn, each when the fields
 * before it have run: one that counts what there is sees what the same operation made. So it is executed as several
 * operations, each of which begins with a field that has a rule.
 *
 * Events of subscriptions pass: their rules were asked when they began.
 */
export function withRules({ rules, planner }: { rules: Rules; planner: Pick<Planner, 'plan'> }) {
  const hasRule = ({ coordinate }: Pick<ActiveRootField, 'coordinate'>) => rules.coordinates.has(coordinate)
  const mayHaveRules = createMayHaveRules(rules)
  const derive = createDeriveOperation(planner)

  return (next: Executor): Executor => {
    const answer: Executor['answer'] = async (planned, request) => {
      if (!mayHaveRules(planned)) return next.answer(planned, request)
      const coerced = planVariables(planned, request.variables)
      if (!coerced.ok) return { errors: coerced.errors }
      const fields = activeRootFields(planned, coerced.variables)
      const turns = turnsOf(planned, fields, hasRule)
      const results: ExecutionResult[] = []
      for (const turn of turns) {
        const asking = { rules, caller: request.caller, signal: request.signal, variables: coerced.variables }
        const verdict = await askRules(planned, turn.filter(hasRule), asking)
        const { rewritten, refused } = verdict
        if (turns.length === 1 && refused.size === 0) return next.answer(planned, { ...request, rewritten })
        const result = await answerTurn(planned, turn, { verdict, request, derive, next })
        results.push(result)
        // What may not be null has failed: no field after it runs (the specification, 6.2.2 and 6.4.4).
        if (!result.data) break
      }
      return joined(results)
    }
    return { ...next, ...executing(answer) }
  }
}

/** Decided once for each operation: one without rules pays a look into a map. */
function createMayHaveRules({ coordinates }: Rules): (planned: PlannedOperation) => boolean {
  const known = new WeakMap<PlannedOperation, boolean>()
  return (planned) => {
    const before = known.get(planned)
    if (before !== undefined) return before
    const mayHave = rootCoordinates(planned).some((coordinate) => coordinates.has(coordinate))
    known.set(planned, mayHave)
    return mayHave
  }
}

/** Fields whose rules are asked together, and which run together. */
function turnsOf(
  { operation }: PlannedOperation,
  fields: readonly ActiveRootField[],
  hasRule: (field: ActiveRootField) => boolean,
): ActiveRootField[][] {
  if (operation.operation !== OperationTypeNode.MUTATION) return [[...fields]]
  const turns: ActiveRootField[][] = []
  for (const field of fields) {
    const turn = turns.at(-1)
    if (turn && !hasRule(field)) turn.push(field)
    else turns.push([field])
  }
  return turns.length > 0 ? turns : [[]]
}

type Turning = { verdict: Verdict; request: ExecutionRequest; derive: DeriveOperation; next: Executor }

async function answerTurn(
  planned: PlannedOperation,
  turn: readonly ActiveRootField[],
  { verdict: { rewritten, refused }, request, derive, next }: Turning,
): Promise<ExecutionResult> {
  const refusals = [...refused.values()]
  const isFatal = ({ responseKey, definition }: ActiveRootField) =>
    refused.has(responseKey) && definition !== null && isNonNullType(definition.type)
  if (turn.some(isFatal)) return { data: null, errors: refusals }
  const allowed = turn.filter(({ responseKey }) => !refused.has(responseKey))
  const { data, errors = [] } = await answerFields(planned, allowed, {
    derive,
    execute: (derived) => next.execute(derived, { ...request, rewritten }),
  })
  if (!data) return { data: null, errors: [...refusals, ...errors] }
  // A key may be `constructor`, which every object has.
  const valueAt = (key: string) => (Object.hasOwn(data, key) ? data[key] : null)
  const entries = turn.map(({ responseKey }) => [responseKey, valueAt(responseKey)])
  return { data: Object.fromEntries(entries), errors: [...refusals, ...errors] }
}

async function answerFields(
  planned: PlannedOperation,
  fields: readonly ActiveRootField[],
  {
    derive,
    execute,
  }: Pick<Turning, 'derive'> & { execute(derived: PlannedOperation): Promise<ExecutionResult> },
): Promise<ExecutionResult> {
  if (fields.length === 0) return { data: {} }
  const derived = await derive(planned, new Set(fields.map(({ responseKey }) => responseKey))).catch(toError)
  if (!(derived instanceof GraphQLError)) return execute(derived)
  // The planner is overloaded: nothing of this turn runs, what ran before stays.
  const mayBeNull = fields.every(({ definition }) => definition && !isNonNullType(definition.type))
  return { data: mayBeNull ? {} : null, errors: fields.map((field) => placed(derived, field)) }
}

function toError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  throw error
}

function joined(results: readonly ExecutionResult[]): ExecutionResult {
  const errors = results.flatMap((result) => result.errors ?? []).slice(0, mostErrors)
  const isNulled = results.some(({ data }) => !data)
  const entries = results.flatMap(({ data }) => Object.entries(data ?? {}))
  return { ...(errors.length > 0 && { errors }), data: isNulled ? null : Object.fromEntries(entries) }
}
