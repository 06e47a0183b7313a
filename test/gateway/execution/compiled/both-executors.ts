import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import { type GraphQLFormattedError, graphql, parse } from 'graphql'
import { createExecutor } from '../../../../gateway/execution/create-executor.ts'
import { executeOperation } from '../../../../gateway/execution/execute-operation.ts'
import type { Planner } from '../../../../gateway/planning/create-planner.ts'
import type {
  Subgraph,
  SubgraphRequest,
  SubgraphResponse,
} from '../../../../gateway/transports/subgraph-fetch.ts'
import { parseSubgraph } from '../../../federation/compose.ts'
import type { FederationCase } from '../../../federation/federation-case.ts'

export type Answer = { data?: unknown; errors?: GraphQLFormattedError[] }
export type Respond = (
  request: SubgraphRequest,
  signal: AbortSignal,
) => Promise<SubgraphResponse> | SubgraphResponse
export type Responders = Readonly<Record<string, Respond>>
export type Question = {
  query: string
  variables?: Record<string, unknown>
  signal?: AbortSignal
}

const caller = { viewer: null, depth: 0, traceparent: undefined }

/** What the reference answers to the plan as the planner made it, and what is answered through the one entry. */
export async function askBoth(
  planner: Planner,
  responders: Responders,
  question: Question,
): Promise<{ reference: Answer; ours: Answer; ourText: string; referenceText: string }> {
  const referenceText = JSON.stringify(await askReference(planner, responders, question))
  const ourText = await ask(planner, responders, question)
  return { reference: JSON.parse(referenceText), ours: JSON.parse(ourText), ourText, referenceText }
}

export async function ask(planner: Planner, responders: Responders, question: Question): Promise<string> {
  const { query, variables = {}, signal = new AbortController().signal } = question
  const operation = await planner.plan(parse(query), undefined)
  const executor = createExecutor({ ...planner, subgraphs: subgraphsOf(responders) })
  return executor.executeToJson(operation, { caller, variables, signal })
}

async function askReference(planner: Planner, responders: Responders, question: Question) {
  const { query, variables = {}, signal = new AbortController().signal } = question
  const operation = await planner.plan(parse(query), undefined)
  const { schema } = planner
  return executeOperation(operation, {
    schema,
    subgraphs: subgraphsOf(responders),
    caller,
    variables,
    signal,
  })
}

function subgraphsOf(responders: Responders): Map<string, Subgraph> {
  return new Map(
    Object.entries(responders).map(([name, respond]): [string, Subgraph] => [
      name,
      {
        fetch: async (request, signal) => respond(request, signal),
        subscribe() {
          throw new Error('Nobody subscribes here.')
        },
      },
    ]),
  )
}

/** The real subgraphs of a case, answering with text where it is wanted, as HTTP does. */
export function respondersOf({ subgraphs }: FederationCase, dead: readonly string[] = []): Responders {
  return Object.fromEntries(
    Object.entries(subgraphs).map(([name, { sdl, resolvers }]): [string, Respond] => {
      const schema = buildSubgraphSchema([
        { typeDefs: parseSubgraph(sdl), resolvers: resolvers as GraphQLResolverMap },
      ])
      const respond: Respond = async (request) => {
        if (dead.includes(name)) throw new Error('dead')
        const source = request.body === undefined ? request : JSON.parse(request.body)
        const result = await graphql({
          schema,
          source: source.query ?? request.document,
          variableValues: JSON.parse(JSON.stringify(request.variables)),
          operationName: request.operationName,
        })
        const text = JSON.stringify(result)
        return request.wantsText ? { text } : JSON.parse(text)
      }
      return [name, respond]
    }),
  )
}

/** Errors have no order among each other. */
export function errorsOf({ errors = [] }: Answer): string[] {
  return errors
    .map(({ path, message, extensions, locations }) =>
      JSON.stringify({ path, message, extensions, locations }),
    )
    .sort()
}
