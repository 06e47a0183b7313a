import type { ExecutionResult, OperationTypeNode } from 'graphql'
import { type Executor, isJson } from '../execution/create-executor.ts'
import type { Planner } from '../planning/create-planner.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import { isAboutOperation, statusOf } from './error-status.ts'
import type { Answering } from './graph.ts'
import type { GraphqlRequest, HttpAnswer, HttpRequest } from './graphql-request.ts'
import { withinLifetime } from './lifetime.ts'
import { callerOf, type OperationContext } from './operation-context.ts'
import { createPersistedQueries } from './persisted-queries.ts'
import { isSubscription, RequestError } from './request-error.ts'
import type { ShowError } from './show-error.ts'

export type DirectAnsweringParts = { planner: Planner; executor: Executor; showError: ShowError }

/**
 * Answers without Apollo Server, which costs more than everything else of a small operation. Whoever asks cannot tell
 * the difference: docs/adr/0074.
 */
export function createDirectAnswering({ planner, executor, showError }: DirectAnsweringParts): Answering {
  const persisted = createPersistedQueries()

  const prepare = async (request: GraphqlRequest, { disconnected }: OperationContext) => {
    const query = persisted.textOf(request)
    return planner.prepare({ query, operationName: request.operationName, signal: disconnected })
  }
  const run = <Result>(
    operation: PlannedOperation,
    { request, context }: { request: GraphqlRequest; context: OperationContext },
    execute: (operation: PlannedOperation, run: Parameters<Executor['execute']>[1]) => Promise<Result>,
  ) =>
    withinLifetime(operation.operation.operation, context.disconnected, (signal) =>
      execute(operation, { caller: callerOf(context), variables: request.variables ?? {}, signal }),
    )

  return {
    async answer(request, http, context) {
      try {
        const prepared = await prepare(request, context)
        if (!prepared.ok) return answerErrors(prepared.errors, http, showError)
        const { operation } = prepared
        refuseOverHttp(operation.operation.operation, http.method)
        persisted.keep(request)
        const answer = await run(operation, { request, context }, executor.answer)
        if (isJson(answer)) return { status: 200, headers: headersFor(http), body: answer }
        return answerResult(answer, http, showError)
      } catch (error) {
        return answerErrors([error], http, showError)
      }
    },
    async execute(request, context) {
      const prepared = await prepare(request, context)
      if (!prepared.ok) return { errors: prepared.errors }
      persisted.keep(request)
      return run(prepared.operation, { request, context }, executor.execute)
    },
  }
}

function refuseOverHttp(operation: OperationTypeNode, method: HttpRequest['method']): void {
  if (method === 'GET' && operation !== 'query') {
    throw new RequestError(
      'BAD_REQUEST',
      `GET requests only support query operations, not ${operation} operations`,
      { status: 405, headers: { allow: 'POST' } },
    )
  }
  if (operation === 'subscription') throw isSubscription()
}

/** Without `data`, and be it null, nothing ran: the variables did not fit. */
function answerResult(
  { data, errors = [] }: ExecutionResult,
  http: HttpRequest,
  showError: ShowError,
): HttpAnswer {
  if (data === undefined) return answerErrors(errors, http, showError)
  const body = JSON.stringify({ errors: errors.length > 0 ? errors.map(showError) : undefined, data })
  return { status: 200, headers: headersFor(http), body }
}

function answerErrors(errors: readonly unknown[], http: HttpRequest, showError: ShowError): HttpAnswer {
  const shown = errors.map(showError)
  const [first] = errors
  const status = statusOf(first)
  const isKept = http.accepts.keepsStatus200 && isAboutOperation(status, shown[0]?.extensions?.code)
  const headers = first instanceof RequestError ? first.headers : {}
  return {
    status: isKept ? 200 : status,
    headers: { ...headersFor(http), ...headers },
    body: JSON.stringify({ errors: shown }),
  }
}

function headersFor({ accepts }: HttpRequest): HttpAnswer['headers'] {
  return { 'cache-control': 'no-store', 'content-type': accepts.contentType }
}
