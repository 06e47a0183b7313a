import type { Server } from 'node:http'
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { bounded, type Close } from '../foundation/closing.ts'
import { TrellisError } from '../foundation/errors.ts'
import type { Call, VerifyCall } from './call.ts'
import type { FormatError } from './format-error.ts'

export type SubscriptionServing = {
  schema: GraphQLSchema
  verify: VerifyCall
  format: FormatError
  createContext(call: Call): object
}

type Subscription = { args: ExecutionArgs; call: Call; stop: AbortController }

const maximumMessageBytes = 1024 * 1024
const closingMs = 2_000

/**
 * Subscriptions over graphql-transport-ws on `/graphql`. A socket is shared by all viewers of a gateway, so that each
 * subscribe message carries a token of its own, in `extensions.token`, and a failure ends its subscription alone.
 *
 * @returns closes every socket with 1001
 */
export function serveSubscriptions(server: Server, serving: SubscriptionServing): Close {
  const { format } = serving
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: maximumMessageBytes })
  const begun = new WeakMap<ExecutionArgs, Subscription>()
  const graphql = serveGraphqlWs(
    {
      onSubscribe: async (_socket, _id, payload) => {
        try {
          const subscription = await begin(payload, serving)
          begun.set(subscription.args, subscription)
          return subscription.args
        } catch (error) {
          return error instanceof AggregateError ? error.errors : [asGraphQLError(error)]
        }
      },
      subscribe: (args) => {
        const subscription = begun.get(args)
        if (!subscription) throw new Error('A subscription came past the verification of its caller.')
        return answerEvents(subscription, serving)
      },
      onNext: (_socket, _id, _payload, _args, { errors, ...result }) =>
        errors && { ...result, errors: errors.map((error) => format(error.toJSON(), error)) },
      onError: (_socket, _id, _payload, errors) => errors.map((error) => format(error.toJSON(), error)),
    },
    sockets,
  )
  return () =>
    bounded(
      async () => graphql.dispose(),
      closingMs,
      () => {
        for (const socket of sockets.clients) socket.terminate()
      },
    )
}

/** @throws {TrellisError | GraphQLError | AggregateError} UNAUTHENTICATED first; then what is wrong with the document */
async function begin(
  payload: SubscribePayload,
  { schema, verify }: SubscriptionServing,
): Promise<Subscription> {
  const { token, traceparent } = payload.extensions ?? {}
  const stop = new AbortController()
  const call = await verify(
    { token: typeof token === 'string' ? token : undefined, traceparent },
    stop.signal,
  )

  const document = parseOrRefuse(payload.query)
  const faults = validate(schema, document, specifiedRules)
  if (faults.length > 0) {
    throw new AggregateError(faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED')))
  }
  if (getOperationAST(document, payload.operationName)?.operation !== 'subscription') {
    throw new TrellisError('BAD_USER_INPUT', 'Only subscriptions are served on this socket.')
  }
  const { variables: variableValues, operationName } = payload
  return { args: { schema, document, variableValues, operationName }, call, stop }
}

function parseOrRefuse(query: string) {
  try {
    return parse(query)
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : error
  }
}

/**
 * As graphql-js' `subscribe`, but every event is answered in a context of its own (a DataLoader kept over hours would
 * answer yesterday's values), and ending it aborts the call first: a generator stuck on `await` ignores `return()`.
 */
async function answerEvents(
  { args, call, stop }: Subscription,
  { createContext }: SubscriptionServing,
): Promise<AsyncGenerator<ExecutionResult, undefined, void> | ExecutionResult> {
  const source = await createSourceEventStream({ ...args, contextValue: createContext(call) })
  if (!(Symbol.asyncIterator in source)) return source

  const events = source[Symbol.asyncIterator]()
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    stop.abort()
    await events.return?.()
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<ExecutionResult, undefined>> => {
    const event = await events.next()
    if (event.done) return end()
    return {
      done: false,
      value: await execute({ ...args, rootValue: event.value, contextValue: createContext(call) }),
    }
  }
  const answers: AsyncGenerator<ExecutionResult, undefined, void> = {
    next: () =>
      next().catch((error) => {
        stop.abort()
        throw error
      }),
    return: end,
    throw: async (error) => {
      await end()
      throw error
    },
    [Symbol.asyncIterator]: () => answers,
    [Symbol.asyncDispose]: async () => {
      await end()
    },
  }
  return answers
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions } = error
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } })
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  return new GraphQLError('Internal error.', {
    originalError: error instanceof Error ? error : new Error(String(error)),
  })
}
