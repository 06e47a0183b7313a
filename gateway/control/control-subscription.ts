import { type ExecutionResult, type GraphQLSchema, subscribe } from 'graphql'
import type { Answers } from '../subscriptions/read-group.ts'
import type { Graph, Subscribed } from '../supergraph/graph.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import type { ShowError } from '../supergraph/show-error.ts'

/** `resumeAfter`: the cursor to go on after, instead of what the operation says. */
export type ControlSubscription = OperationContext & { resumeAfter: string | null }

/** Subscriptions of the control schema run in this process. */
export function createSubscribeControl(schema: GraphQLSchema, show: ShowError): Graph['subscribe'] {
  return async ({ document, operationName, variables, resume }, context): Promise<Subscribed> => {
    const contextValue: ControlSubscription = { ...context, resumeAfter: resume?.cursor ?? null }
    const results = await subscribe({
      schema,
      document,
      operationName,
      variableValues: variables,
      contextValue,
    })
    return Symbol.asyncIterator in results ? answers(results, show) : results
  }
}

/** No generator of its own: one that waits for the next event would not hear that it is left. */
function answers(results: AsyncGenerator<ExecutionResult, void, void>, show: ShowError): Answers {
  let cursor: string | null = null
  return {
    async next() {
      const { value, done } = await results.next()
      if (done || !value) return { value: undefined, done: true }
      const { data, errors } = value
      cursor = cursorOf(data) ?? cursor
      const text = JSON.stringify({ ...(errors && { errors: errors.map(show) }), data })
      return { value: { text, cursor }, done: false }
    },
    async return() {
      await results.return()
      return { value: undefined, done: true }
    },
    async throw(error) {
      await results.return()
      throw error
    },
    cursor: () => cursor,
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await results.return()
    },
  }
}

/** Whatever the field is called in the answer. */
function cursorOf(data: ExecutionResult['data']): string | null {
  for (const payload of Object.values(data ?? {})) {
    const { cursor } = Object(payload)
    if (typeof cursor === 'string') return cursor
  }
  return null
}
