import type { Close } from '../../foundation/closing.ts'
import type { InProcessCalls } from '../../foundation/in-process-calls.ts'
import { endWith, leave } from './abortions.ts'
import { callInProcess } from './call-in-process.ts'
import { createDeadlines } from './deadlines.ts'
import type { HttpAnswer } from './http-answer-parser.ts'
import type { Exchange } from './http-connection.ts'
import { CallTimedOut } from './http-failures.ts'
import { createHttpPool, type HttpPool } from './http-pool.ts'
import { type HttpTarget, writeRequest } from './http-target.ts'

export type HttpClientOptions = {
  /** For a whole call, from asking to the last byte of the answer, waiting for a connection included. */
  timeoutMs: number
  /** For opening a connection, TLS included. */
  connectTimeoutMs: number
  /** Of an answer's body. */
  maxResponseBytes: number
  tls?: ClientTls | undefined
  /** Services of this process, asked without a connection. @default there are none */
  inProcess?: InProcessCalls | undefined
}

/** For `https:` beside what Node trusts anyway. PEM. */
export type ClientTls = {
  /** The only authorities that are trusted. */
  ca?: string
  /** What this side shows of itself. */
  cert?: string
  key?: string
}

export type HttpPost = {
  target: HttpTarget
  headers: Readonly<Record<string, string>>
  body: string
  /** It changes nothing over there, so it may be sent a second time where nobody can tell what became of the first. */
  repeatable: boolean
}

export type HttpClient = {
  /**
   * Sends a request once, and reads the whole answer. Redirects are answers like any other. A request that a kept
   * connection took and did not answer with a single byte (its server closed it meanwhile) is sent once more on a new
   * one, if it is repeatable.
   *
   * @throws {CallTimedOut}
   * @throws {AnswerTooLarge}
   * @throws {MalformedAnswer}
   * @throws {TypeError} for headers that cannot be sent
   * @throws the signal's reason once it is aborted: the connection is closed, so that the server knows
   * @throws whatever went wrong with the connection
   */
  post(request: HttpPost, signal: AbortSignal): Promise<HttpAnswer>
  close: Close
}

const sweepMs = 1_000

/** HTTP/1.1 over kept connections: docs/adr/0068. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const pools = new Map<string, HttpPool>()
  const deadlines = createDeadlines(options.timeoutMs)
  const sweeping = setInterval(() => {
    for (const pool of pools.values()) pool.sweep()
  }, sweepMs).unref()
  let isClosed = false

  const { connectTimeoutMs, maxResponseBytes, tls, inProcess } = options
  const poolOf = (target: HttpTarget): HttpPool => {
    const known = pools.get(target.origin)
    if (known) return known
    const pool = createHttpPool(target, {
      connectTimeoutMs,
      maxResponseBytes,
      tls,
      onEmpty: () => pools.delete(target.origin),
    })
    pools.set(target.origin, pool)
    return pool
  }

  const send = (post: HttpPost, signal: AbortSignal) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const { target, headers, body, repeatable } = post
      let attempts = 0
      const exchange: Exchange = {
        request: writeRequest(target, headers, body),
        onAnswer(answer) {
          settle()
          resolve(answer)
        },
        onFailure(error, isStale) {
          if (isStale && repeatable && attempts === 1) return attempt()
          settle()
          reject(error)
        },
      }
      const settle = () => {
        deadlines.end(deadline)
        leave(signal, giveUp)
      }
      const giveUp = (reason: unknown) => {
        settle()
        reject(reason)
        attempts = Number.POSITIVE_INFINITY
        withdraw?.()
      }
      const deadline = deadlines.start(() => giveUp(new CallTimedOut('There was no whole answer in time.')))
      let withdraw: (() => void) | null = null
      const attempt = () => {
        attempts++
        const answer = inProcess && callInProcess(inProcess, post, maxResponseBytes)
        if (answer) answer.then(exchange.onAnswer, (error) => exchange.onFailure(error, false))
        else withdraw = poolOf(target).send(exchange, { isFresh: attempts > 1 })
      }
      endWith(signal, giveUp)
      attempt()
    })

  return {
    async post(request, signal) {
      signal.throwIfAborted()
      if (isClosed) throw new Error('The client was closed.')
      return send(request, signal)
    },
    async close() {
      isClosed = true
      clearInterval(sweeping)
      for (const pool of pools.values()) pool.close()
    },
  }
}
