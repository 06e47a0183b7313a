import type { Server } from 'node:http'
import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { LRUCache } from 'lru-cache'
import { type WebSocket, WebSocketServer } from 'ws'
import { bounded, type Close } from '../foundation/closing.ts'
import { TrellisError } from '../foundation/errors.ts'
import { createTurns, type Turns } from '../foundation/turns.ts'
import { answerEvents, type Subscription } from './answer-events.ts'
import type { Call, VerifyCall } from './call.ts'
import type { FormatError } from './format-error.ts'

export type SubscriptionServing = {
  schema: GraphQLSchema
  verify: VerifyCall
  format: FormatError
  createContext(call: Call): object
  /** @default a minute */
  placesEveryMs?: number
}

const maximumMessageBytes = 1024 * 1024
const closingMs = 2_000
/** A gateway that does not answer a ping by the next one is gone. */
const pingEveryMs = 10_000
/**
 * Answers of one socket that may be under way: executed, and not yet taken by the network. All other subscriptions of
 * a socket that is not read wait without having taken their event.
 */
const answersAtOnce = 32
const documentsKept = 500
/** Far below the shortest retention that anybody would set. */
const placesEveryMinute = 60_000

/**
 * Subscriptions over graphql-transport-ws on `/graphql`. A socket is shared by all viewers of a gateway, so that each
 * subscribe message carries a token of its own, in `extensions.token`, and a failure ends its subscription alone. The
 * token is asked for at the beginning; how long the subscription may last after that is the gateway's to decide, which
 * ends it. With `extensions.wantsPlace` the first message tells where the subscription begins, in `extensions.place`, and
 * others where it stands, while it has no events.
 *
 * @returns closes every socket with 1001
 */
export function serveSubscriptions(server: Server, serving: SubscriptionServing): Close {
  const { format } = serving
  const read = createDocumentReader(serving.schema)
  const turnsOf = new WeakMap<WebSocket, Turns>()
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: maximumMessageBytes })
  const begun = new WeakMap<ExecutionArgs, Subscription>()
  const graphql = serveGraphqlWs(
    {
      onSubscribe: async ({ extra: { socket } }, _id, payload) => {
        try {
          const turns = turnsOf.get(socket) ?? createTurns(answersAtOnce)
          turnsOf.set(socket, turns)
          const subscription = { ...(await begin(payload, serving, read)), turns }
          begun.set(subscription.args, subscription)
          return subscription.args
        } catch (error) {
          return error instanceof AggregateError ? error.errors : [asGraphQLError(error)]
        }
      },
      subscribe: (args) => {
        const subscription = begun.get(args)
        if (!subscription) throw new Error('A subscription came past the verification of its caller.')
        return answerEvents(subscription, serving.createContext)
      },
      onNext(_socket, _id, _payload, _args, { errors, ...result }) {
        const shown = errors?.map((error) => format(error.toJSON(), error))
        return shown && { ...result, errors: result.data === undefined ? shown.map(asUnavailable) : shown }
      },
      onError: (_socket, _id, _payload, errors) => errors.map((error) => format(error.toJSON(), error)),
    },
    sockets,
    pingEveryMs,
  )
  let closed: Promise<void> | undefined
  return () => {
    closed ??= bounded(
      async () => graphql.dispose(),
      closingMs,
      () => {
        for (const socket of sockets.clients) socket.terminate()
      },
    )
    return closed
  }
}

/** @throws {TrellisError | GraphQLError | AggregateError} UNAUTHENTICATED first; then what is wrong with the document */
async function begin(
  payload: SubscribePayload,
  { schema, verify, placesEveryMs = placesEveryMinute }: SubscriptionServing,
  read: ReadDocument,
): Promise<Omit<Subscription, 'turns'>> {
  const { token, traceparent, wantsPlace } = payload.extensions ?? {}
  const stop = new AbortController()
  const call = await verify(
    { token: typeof token === 'string' ? token : undefined, traceparent },
    stop.signal,
  )
  const document = read(payload.query)
  const { variables: variableValues, operationName } = payload
  if (getOperationAST(document, operationName)?.operation !== 'subscription') {
    throw new TrellisError('BAD_USER_INPUT', 'Only subscriptions are served on this socket.')
  }
  const args = { schema, document, variableValues, operationName }
  return { args, call, stop, placesEveryMs: wantsPlace === true ? placesEveryMs : null }
}

type ReadDocument = (query: string) => DocumentNode

/** Thousands subscribe with the same few documents. Nothing of a viewer is in one. */
function createDocumentReader(schema: GraphQLSchema): ReadDocument {
  const known = new LRUCache<string, DocumentNode>({ max: documentsKept })
  return (query) => {
    const document = known.get(query) ?? parseOrRefuse(query)
    if (known.has(query)) return document
    const faults = validate(schema, document, specifiedRules)
    if (faults.length > 0) {
      throw new AggregateError(faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED')))
    }
    known.set(query, document)
    return document
  }
}

function parseOrRefuse(query: string) {
  try {
    return parse(query)
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : error
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions } = error
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } })
}

/** What could not begin may be tried again, whatever it is that has failed: nothing was done. */
function asUnavailable(shown: GraphQLFormattedError): GraphQLFormattedError {
  if (shown.extensions?.code !== 'INTERNAL_SERVER_ERROR') return shown
  const { message, extensions } = new TrellisError(
    'SUBGRAPH_UNAVAILABLE',
    'The subscription cannot begin at present. Try again in a moment.',
  )
  return { ...shown, message, extensions }
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  return new GraphQLError('Internal error.', {
    originalError: error instanceof Error ? error : new Error(String(error)),
  })
}
