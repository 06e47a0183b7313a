import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DocumentNode, getOperationAST, type OperationTypeNode, parse } from 'graphql'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { Authenticator, Identity } from '../access/authenticate.ts'
import { type AcquireGraph, readTraceparent } from '../pipeline.ts'
import { operationLimits } from '../planning/operation-limits.ts'
import type { Resume } from '../subscriptions/subscribe-operation.ts'
import type { GraphqlRequest } from '../supergraph/graphql-request.ts'
import { RequestError } from '../supergraph/request-error.ts'
import { createShowError } from '../supergraph/show-error.ts'
import { createRunOperation, type OperationPayload } from '../ws/run-operation.ts'
import type { SocketCounts } from '../ws/socket-limits.ts'
import { createEventStream, type EventStream } from './event-stream.ts'
import { readGetRequest, readPostRequest } from './read-graphql-request.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'

export type EventStreams = {
  /** Whether the answer is to be a stream of events. */
  isWanted(request: FastifyRequest): boolean
  /** Takes the reply over. @throws {TrellisError | RequestError} what is wrong before there is a stream */
  serve(request: FastifyRequest, identity: Identity, reply: FastifyReply): Promise<FastifyReply>
  close: Close
}

export type EventStreamsOptions = {
  authenticator: Authenticator
  acquire: AcquireGraph
  onCredentialsChange(listener: () => void): () => void
  counts: SocketCounts
  /** Comments that keep the connection open through whatever is in between. In milliseconds. @default 12_000 */
  heartbeatMs?: number
  log: Log
}

const defaultHeartbeatMs = 12_000

/**
 * GraphQL over server-sent events, in the distinct-connections mode of graphql-sse: one operation for each request. An
 * event's id is its cursor, so that a browser's EventSource goes on from where it was by its `Last-Event-ID`.
 */
export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { authenticator, acquire, counts, log, heartbeatMs = defaultHeartbeatMs } = options
  const show = createShowError(log)
  const run = createRunOperation({ acquire, show })
  const streams = new Set<EventStream>()
  const leave = options.onCredentialsChange(() => {
    for (const stream of streams) stream.recheck()
  })
  const heartbeat = setInterval(() => {
    for (const stream of streams) stream.beat()
  }, heartbeatMs)
  heartbeat.unref()

  return {
    isWanted: (request) => isEventStreamWanted(request),
    async serve(request, identity, reply) {
      refuseCrossSite(request.headers)
      const payload = payloadOf(readRequest(request))
      if (request.method === 'GET' && kindOf(payload) === 'mutation') throw mutationByGet()
      if (!counts.enter(identity.viewer)) throw tooMany()
      reply.hijack()
      const stream = createEventStream(reply.raw, {
        holds: () => authenticator.holds(identity),
        expiresAt: identity.expiresAt,
        show,
      })
      streams.add(stream)
      reply.raw.once('close', () => {
        streams.delete(stream)
        counts.leave(identity.viewer)
      })
      const { traceparent } = request.headers
      const operation = {
        identify: async () => identity,
        traceparent: readTraceparent(typeof traceparent === 'string' ? traceparent : undefined),
        disconnected: stream.disconnected,
      }
      await stream.send(() => run(payload, operation, resumeOf(request)))
      return reply
    },
    async close() {
      leave()
      clearInterval(heartbeat)
      for (const stream of streams) stream.abandon()
    },
  }
}

function isEventStreamWanted(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? ''
  if (!/\btext\/event-stream\b/i.test(accept)) return false
  if (!/\bjson\b|\*\/\*/i.test(accept)) return true
  // Some clients accept everything for every operation, and mean events where there is more than one answer.
  return kindOf(request.method === 'POST' ? request.body : request.query) === 'subscription'
}

/** Null for what is no operation; that is said later. */
function kindOf(source: unknown): OperationTypeNode | null {
  if (typeof source !== 'object' || source === null || !('query' in source)) return null
  const { query } = source
  const name = 'operationName' in source && source.operationName ? String(source.operationName) : undefined
  const document = typeof query === 'string' ? parsed(query) : null
  return (document && getOperationAST(document, name)?.operation) ?? null
}

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query, { maxTokens: operationLimits.tokens })
  } catch {
    return null
  }
}

function readRequest({ method, body, url }: FastifyRequest): GraphqlRequest {
  if (method === 'POST') return readPostRequest(body)
  const queryAt = url.indexOf('?')
  return readGetRequest(queryAt < 0 ? '' : url.slice(queryAt))
}

function payloadOf({ query, ...rest }: GraphqlRequest): OperationPayload {
  if (query === undefined) throw new RequestError('BAD_REQUEST', 'An event stream is of one `query`.')
  return { query, ...rest }
}

function resumeOf({ headers }: FastifyRequest): Resume | undefined {
  const cursor = headers['last-event-id']
  return typeof cursor === 'string' && cursor !== '' ? { cursor, hasBegun: false } : undefined
}

function mutationByGet(): RequestError {
  return new RequestError('BAD_REQUEST', 'GET requests only support query and subscription operations.', {
    status: 405,
    headers: { allow: 'POST' },
  })
}

function tooMany(): TrellisError {
  return new TrellisError('TOO_MANY_CONNECTIONS', 'There are too many connections of this caller.')
}
