import { GraphQLError, parse, Source } from 'graphql'
import { type ErrorCode, errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import type { GraphSchemas } from './graph-schemas.ts'
import { type KeptOperations, keyOf } from './kept-operations.ts'
import type { OperationText, PreparedOperation } from './prepared-operation.ts'
import { findOperation } from './read-operation.ts'
import { rootArgumentsOf } from './root-arguments.ts'
import type { PlanAnswer, PlanFault } from './text-planner.ts'

export type PrepareOperation = (text: OperationText) => Promise<PreparedOperation>

/** Plans a text, wherever the planner is. Rejects with the signal's reason, and with nothing else. */
export type PlanText = (text: Omit<OperationText, 'signal'>, signal: AbortSignal) => Promise<PlanAnswer>

/**
 * Operations by text and name, each parsed, validated and planned once, also when many ask for it at the same time.
 * Refusals are kept as operations are: asking again what could not be planned is cheap.
 *
 * @throws the signal's reason, of the returned function
 */
export function createPrepareOperation(
  kept: KeptOperations,
  schemas: GraphSchemas,
  planText: PlanText,
): PrepareOperation {
  const underWay = new Map<string, Preparation>()

  const begin = (key: string, { query, operationName, lane }: OperationText): Preparation => {
    const abandon = new AbortController()
    const answer = planText({ query, operationName, ...(lane && { lane }) }, abandon.signal)
      .then((planned) => {
        const text = { query, operationName }
        const result = planned.ok ? toOperation(text, planned, schemas) : toErrors(query, planned.faults)
        if (result.ok || !result.errors.some(isPassing)) kept.set(text, result)
        return result
      })
      .finally(() => {
        if (underWay.get(key)?.answer === answer) underWay.delete(key)
      })
    return { answer, waiting: 0, abandon }
  }

  return async (text) => {
    const known = kept.get(text)
    if (known) return known
    text.signal?.throwIfAborted()
    const key = keyOf(text)
    const preparation = underWay.get(key) ?? begin(key, text)
    underWay.set(key, preparation)
    return waitFor(preparation, text.signal, () => underWay.delete(key))
  }
}

type Preparation = {
  answer: Promise<PreparedOperation>
  waiting: number
  abandon: AbortController
}

/** The last one to leave ends the preparation. */
function waitFor(
  preparation: Preparation,
  signal: AbortSignal | undefined,
  forget: () => void,
): Promise<PreparedOperation> {
  preparation.waiting += 1
  if (!signal) return preparation.answer
  return new Promise((resolve, reject) => {
    const leave = () => {
      preparation.waiting -= 1
      reject(signal.reason)
      if (preparation.waiting > 0) return
      forget()
      preparation.abandon.abort()
    }
    signal.addEventListener('abort', leave, { once: true })
    preparation.answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

function toOperation(
  { query, operationName }: OperationText,
  { plan }: Extract<PlanAnswer, { ok: true }>,
  schemas: GraphSchemas,
): PreparedOperation {
  const document = parse(query)
  const operation = findOperation(document, operationName)
  if (operation instanceof GraphQLError) return { ok: false, errors: [operation] }
  const rootArguments = rootArgumentsOf({ schema: schemas.schema, document, operation })
  return { ok: true, operation: { document, operation, plan, rootArguments, ...schemas } }
}

/** Codes of the catalogue are ours; the others are graphql-js' and Apollo Server's. */
function toErrors(query: string, faults: readonly PlanFault[]): PreparedOperation {
  const source = new Source(query)
  const errors = faults.map(({ code, message, positions, cause }) => {
    const options = {
      source,
      positions: positions.length > 0 ? positions : undefined,
      originalError: cause === null ? null : new Error(cause),
    }
    return isOurs(code)
      ? new TrellisError(code, message, options)
      : new GraphQLError(message, { ...options, extensions: { code } })
  })
  return { ok: false, errors }
}

function isOurs(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code)
}

/** Another time there may be an answer. */
function isPassing({ extensions }: GraphQLError): boolean {
  return extensions.code === 'PLANNING_OVERLOADED'
}
