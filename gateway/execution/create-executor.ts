import type { ExecutionResult, GraphQLSchema } from 'graphql'
import { planVariables, type RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { FetchGraph } from '../planning/query-plan.ts'
import type { Caller, Subgraph, SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { type CompiledOperation, compileOperation } from './compiled/compile-operation.ts'
import { HandOver } from './compiled/hand-over.ts'
import { recordCalls } from './compiled/record-calls.ts'
import { executeEvent } from './execute-event.ts'
import { executeOperation } from './execute-operation.ts'
import { mayStopEarly } from './serial-mutation.ts'

export type ExecutionRequest = {
  caller: Caller
  /** As the client sent them; they are coerced here. */
  variables: Readonly<Record<string, unknown>>
  /** What rules made of arguments of root fields. */
  rewritten?: RewrittenArguments
  /** Ends every call to a subgraph that is under way. */
  signal: AbortSignal
}

/**
 * Answers planned operations of one generation. What fails in a subgraph is an error in the answer; errors are fit for
 * the client's eyes. All answer alike, and throw the signal's reason once it is aborted.
 */
export type Executor = {
  execute(operation: PlannedOperation, request: ExecutionRequest): Promise<ExecutionResult>
  /** The same as JSON where nothing went wrong; otherwise the result, whose errors are yet to be shown or hidden. */
  answer(operation: PlannedOperation, request: ExecutionRequest): Promise<string | Buffer | ExecutionResult>
  /** The same as JSON text, errors as they are. */
  executeToJson(operation: PlannedOperation, request: ExecutionRequest): Promise<string>
  /** One event of a subscription: what the module sent is the root, the rest of the plan is executed on it. */
  executeEvent(
    operation: PlannedOperation,
    response: SubgraphResponse,
    request: ExecutionRequest,
  ): Promise<ExecutionResult>
  /** Does at once what the first execution would do besides executing. */
  warm(operation: PlannedOperation): void
}

export type ExecutorParts = {
  /** What clients see. */
  schema: GraphQLSchema
  subgraphs: ReadonlyMap<string, Subgraph>
}

/**
 * The one way to have a plan executed. There are two executors inside: a compiled one for what is usual, and the
 * reference, which also takes over where the compiled one meets something else. Calls are not made again then.
 */
export function createExecutor({ schema, subgraphs }: ExecutorParts): Executor {
  /** The text is of the compiled executor, the result of the reference. */
  const run = async (
    operation: PlannedOperation,
    request: ExecutionRequest,
  ): Promise<string | Buffer | ExecutionResult> => {
    const { graph, compiled } = preparedOf(operation)
    const execution = { ...request, schema, subgraphs, graph }
    const coerced = planVariables(operation, request.variables, request.rewritten)
    if (!compiled || !coerced.ok) return executeOperation(operation, execution)
    const calls = recordCalls(subgraphs)
    try {
      return await compiled({ ...request, variables: coerced.variables, calls })
    } catch (error) {
      request.signal.throwIfAborted()
      if (!(error instanceof HandOver)) throw error
      return executeOperation(operation, { ...execution, subgraphs: calls.replaying() })
    }
  }
  return {
    ...executing(run),
    executeEvent(operation, response, request) {
      const { graph } = preparedOf(operation)
      return executeEvent(operation, response, { ...request, schema, subgraphs, graph })
    },
    warm: preparedOf,
  }
}

/** All that is made of one answer. */
export function executing(answer: Executor['answer']): Omit<Executor, 'executeEvent' | 'warm'> {
  return {
    answer,
    async execute(operation, request) {
      const answered = await answer(operation, request)
      return isJson(answered) ? JSON.parse(answered.toString()) : answered
    },
    async executeToJson(operation, request) {
      const answered = await answer(operation, request)
      return isJson(answered) ? answered.toString() : JSON.stringify(answered)
    },
  }
}

export function isJson(answer: string | Buffer | ExecutionResult): answer is string | Buffer {
  return typeof answer === 'string' || Buffer.isBuffer(answer)
}

/** What is made of an operation once, of itself alone: executors of equal supergraphs share it with the operation. */
type Prepared = { graph: FetchGraph | undefined; compiled: CompiledOperation | null }

const prepared = new WeakMap<PlannedOperation, Prepared>()

function preparedOf(operation: PlannedOperation): Prepared {
  const known = prepared.get(operation) ?? prepareOperation(operation)
  prepared.set(operation, known)
  return known
}

function prepareOperation(operation: PlannedOperation): Prepared {
  const { node, calls: graph } = operation.plan
  if (!graph || node?.kind === 'Subscription' || mayStopEarly(operation)) return { graph, compiled: null }
  try {
    return { graph, compiled: compileOperation(operation, graph, operation) }
  } catch (error) {
    if (error instanceof HandOver) return { graph, compiled: null }
    throw error
  }
}
