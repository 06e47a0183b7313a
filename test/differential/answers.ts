import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  parse,
  subscribe,
  validate,
} from 'graphql'
import { usedVariables } from '../../gateway/execution/call-subgraph.ts'
import type { ExecutionRequest, Executor, ExecutorParts } from '../../gateway/execution/create-executor.ts'
import { subscriptionNode } from '../../gateway/execution/execute-event.ts'
import { planVariables } from '../../gateway/planning/plan-variables.ts'
import type { PlannedOperation } from '../../gateway/planning/planned-operation.ts'
import type { Subgraph, SubgraphRequest, SubgraphResponse } from '../../gateway/transports/subgraph-fetch.ts'
import { unavailable } from '../../gateway/transports/transport-errors.ts'
import type { Operation } from './generate-operation.ts'
import { events, type Happening, type Served } from './world.ts'

/** What was answered: once, or once for each event; and what took place meanwhile. */
export type Answers = { results: ExecutionResult[]; log: string[] }

/** One way to run a plan. The first of several is the reference. */
export type NamedExecutor = Omit<Executor, 'answer' | 'warm'> & { name: string }

/** Makes the executors of one generation. */
export type CreateExecutors = (parts: ExecutorParts) => NamedExecutor[]

/** graphql-js on the schema that holds everything. */
export async function answerWhole(served: Served, { kind, text, variables }: Operation): Promise<Answers> {
  const happening: Happening = { log: [], event: 0, mishaps: [] }
  const document = parse(text)
  if (kind !== 'subscription') {
    const result = await execute({ ...served, document, variableValues: variables, contextValue: happening })
    return { results: [asSent(result)], log: happening.log }
  }
  const stream = await subscribe({
    ...served,
    document,
    variableValues: variables,
    contextValue: happening,
    subscribeFieldResolver: () => countEvents(happening),
  })
  if (!(Symbol.asyncIterator in stream)) return { results: [asSent(stream)], log: [] }
  const results: ExecutionResult[] = []
  for await (const result of stream) results.push(asSent(result))
  return { results, log: [] }
}

async function* countEvents(happening: Happening): AsyncGenerator<object, void, void> {
  for (let event = 0; event < events; event++) {
    happening.event = event
    yield {}
  }
}

/** JSON there and back, as over the wire. */
function asSent(result: ExecutionResult): ExecutionResult {
  return JSON.parse(JSON.stringify(result))
}

/** A subgraph in this process behind the executor's port. It accepts only what is valid in its schema. */
export function inProcess(name: string, served: Served, happening: Happening): Subgraph {
  const documents = new Map<string, DocumentNode>()
  const read = (text: string): DocumentNode => {
    const known = documents.get(text)
    if (known) return known
    const document = parse(text)
    const faults = validate(served.schema, document)
    if (faults.length > 0) throw new Error(`${name} cannot read ${text}: ${faults.join('; ')}`)
    documents.set(text, document)
    return document
  }
  const asked = ({ document, operationName, variables }: SubgraphRequest) => ({
    ...served,
    document: read(document),
    operationName,
    variableValues: JSON.parse(JSON.stringify(variables)),
    contextValue: happening,
  })
  return {
    async fetch(request) {
      try {
        return asResponse(await execute(asked(request)))
      } catch (error) {
        happening.mishaps.push(String(error))
        throw error
      }
    },
    async *subscribe(request) {
      const stream = await subscribe({
        ...asked(request),
        subscribeFieldResolver: () => countEvents(happening),
      })
      if (Symbol.asyncIterator in stream) for await (const result of stream) yield asResponse(result)
      else yield asResponse(stream)
    },
  }
}

function asResponse(result: ExecutionResult): SubgraphResponse {
  return JSON.parse(JSON.stringify(result))
}

export function deadSubgraph(name: string): Subgraph {
  return {
    async fetch() {
      throw unavailable(name)
    },
    // biome-ignore lint/correctness/useYield: it dies before the first event
    async *subscribe() {
      throw unavailable(name)
    },
  }
}

type Federation = {
  schema: GraphQLSchema
  operation: PlannedOperation
  subgraphs: ReadonlyMap<string, Subgraph>
  happening: Happening
}

/** The executor's answer; for a subscription one for each event of the subgraph's stream. */
export async function answerFederated(
  executor: NamedExecutor,
  { kind, variables }: Operation,
  { operation, subgraphs, happening }: Federation,
): Promise<Answers> {
  happening.log.length = 0
  const { signal } = new AbortController()
  const caller = { viewer: null, depth: 0, traceparent: undefined } as const
  const request: ExecutionRequest = { variables, caller, signal }
  if (kind !== 'subscription') {
    const result = asSent(await executor.execute(operation, request))
    const log = happening.log.splice(0)
    const text = await executor.executeToJson(operation, request)
    happening.log.length = 0
    if (JSON.stringify(JSON.parse(text)) !== JSON.stringify(result)) throw new Error(`As JSON ${text}`)
    return { results: [result], log }
  }
  const { primary } = subscriptionNode(operation)
  const coerced = planVariables(operation, variables)
  const upstream = subgraphs.get(primary.serviceName)
  if (!coerced.ok || !upstream) throw new Error('The subscription cannot begin.')
  const { operation: document, operationName } = primary
  const question = { document, operationName, variables: usedVariables(primary, coerced), caller }
  const results: ExecutionResult[] = []
  for await (const response of upstream.subscribe(question, signal)) {
    results.push(asSent(await executor.executeEvent(operation, response, request)))
  }
  return { results, log: [] }
}
