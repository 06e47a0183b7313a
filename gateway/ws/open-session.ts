import type { IncomingHttpHeaders } from 'node:http'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { Authenticator, Credentials, Identity } from '../access/authenticate.ts'
import { type OperationRequest, readTraceparent } from '../pipeline.ts'
import type { Answer } from '../subscriptions/follow-operation.ts'
import { callerGone } from '../supergraph/caller-gone.ts'
import type { ShowError } from '../supergraph/show-error.ts'
import { isAnsweredAlike, isSamePerson, readSocketCredentials } from './credentials.ts'
import { createOperations, type Operations } from './operations.ts'
import type { RunOperation } from './run-operation.ts'
import type { SocketSession } from './serve-socket.ts'
import type { SocketChannel } from './socket-channel.ts'
import { closings } from './socket-closings.ts'
import { createRateLimit, type SocketCounts, type SocketLimits } from './socket-limits.ts'

/** One socket: who is on it, until when, and what is under way. */
export type Session = SocketSession & {
  operations: Operations
  /** Ends the socket if a key was revoked or the client is gone. */
  recheck(): void
  /** The socket is closed. */
  end(): void
}

export type SessionOptions = {
  authenticator: Authenticator
  run: RunOperation
  encode(answer: Answer): string
  show: ShowError
  limits: SocketLimits
  counts: SocketCounts
  log: Log
}

const longestTimerMs = 2 ** 31 - 1

export function openSession(
  channel: SocketChannel,
  headers: IncomingHttpHeaders,
  options: SessionOptions,
): Session {
  const { authenticator, limits, counts, run, encode, show } = options
  const disconnected = new AbortController()
  const traceparent = readTraceparent(single(headers.traceparent))
  let identity: Identity | null = null
  let params: Readonly<Record<string, unknown>> = {}
  let timer: NodeJS.Timeout | undefined
  let phase: 'open' | 'ended' = 'open'

  const operations = createOperations({
    channel,
    run: (payload, resume) => run(payload, operationRequest(), resume),
    encode,
    mayReceive() {
      const isFine = identity !== null && authenticator.holds(identity)
      if (!isFine) endIdentity()
      return isFine
    },
    show,
  })
  const operationRequest = (): OperationRequest => ({
    async identify() {
      if (!identity || !authenticator.holds(identity)) throw ended()
      return identity
    },
    traceparent,
    disconnected: disconnected.signal,
  })

  /** It no longer holds. A token that has run its time may be followed by a fresh one; what was revoked is over. */
  const endIdentity = () => {
    clearTimeout(timer)
    const isExpired = identity?.expiresAt != null && identity.expiresAt <= Date.now()
    const hadSubscriptions = operations.subscriptions() > 0
    if (!isExpired) return forbid()
    operations.failSubscriptions(expired())
    if (!hadSubscriptions) return forbid()
    timer = setTimeout(forbid, limits.graceMs)
  }
  const forbid = () => {
    const { code, reason } = closings.forbidden('UNAUTHENTICATED')
    channel.close(code, reason)
  }
  const scheduleEnd = () => {
    clearTimeout(timer)
    const expiresAt = identity?.expiresAt
    if (expiresAt == null) return
    const ms = Math.max(0, Math.min(expiresAt - Date.now(), longestTimerMs))
    timer = setTimeout(() => {
      // A timer may be early by a fraction of a millisecond, or not reach so far.
      if (identity && authenticator.holds(identity)) scheduleEnd()
      else endIdentity()
    }, ms + 1)
  }

  return {
    channel,
    operations,
    isWithinRate: createRateLimit(limits.messagesPerSecond),
    mostOperations: limits.operationsPerSocket,
    initialisedWithinMs: limits.initialisedWithinMs,
    show,
    async connect(given) {
      const found = await identify(readSocketCredentials(given, headers), options)
      if (typeof found === 'string') return closings.forbidden(found)
      if (phase === 'ended' || !counts.enter(found.viewer)) return closings.tooMany
      identity = found
      params = given
      scheduleEnd()
      return 'connected'
    },
    async renew(given) {
      // A key that came with the socket still counts, so that it cannot be left out.
      const found = await identify(readSocketCredentials({ ...params, ...given }, headers), options)
      if (typeof found === 'string') return { accepted: false, code: found }
      if (phase === 'ended' || !identity || !isSamePerson(identity, found))
        return { accepted: false, code: 'FORBIDDEN' }
      const isAlike = isAnsweredAlike(identity, found)
      identity = found
      params = { ...params, ...given }
      scheduleEnd()
      if (!isAlike) operations.restartSubscriptions()
      return { accepted: true, expiresAt: found.expiresAt && new Date(found.expiresAt).toISOString() }
    },
    recheck() {
      const isExpired = identity?.expiresAt != null && identity.expiresAt <= Date.now()
      if (identity && !isExpired && !authenticator.holds(identity)) forbid()
    },
    end() {
      phase = 'ended'
      clearTimeout(timer)
      if (identity) counts.leave(identity.viewer)
      disconnected.abort(callerGone)
    },
  }
}

/** Who it is, or the code of why not. */
async function identify(
  credentials: Credentials,
  { authenticator, log }: SessionOptions,
): Promise<Identity | string> {
  try {
    return await authenticator.authenticate(credentials)
  } catch (error) {
    if (error instanceof TrellisError) return error.code
    log.error({ err: error }, 'a socket could not be authenticated')
    return 'INTERNAL_SERVER_ERROR'
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? undefined : header
}

function ended(): TrellisError {
  return new TrellisError('UNAUTHENTICATED', 'The credentials of this connection have ended.')
}

export function expired(): TrellisError {
  return new TrellisError('TOKEN_EXPIRED', 'The token has expired; subscribe again with a fresh one.')
}
