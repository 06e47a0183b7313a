import { isAscii } from 'node:buffer'
import { Agent, buildConnector, type Dispatcher, errors as undiciErrors } from 'undici'
import type { Close } from '../../foundation/closing.ts'
import { createDeadlines, type Deadlines } from './deadlines.ts'

export type HttpClientOptions = {
  /** For a whole call, from asking to the last byte of the answer, waiting for a connection included. */
  timeoutMs: number
  /** For opening a connection, TLS included. */
  connectTimeoutMs: number
  /** Of an answer's body. */
  maxResponseBytes: number
  tls?: ClientTls | undefined
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
  origin: string
  /** With its query. */
  path: string
  headers: Readonly<Record<string, string>>
  body: string
  /** It changes nothing over there, so it may be sent a second time where nobody can tell what became of the first. */
  repeatable: boolean
}

export type HttpAnswer = {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
  /** Every byte of `text` is a character. */
  isAscii: boolean
}

export type HttpClient = {
  /**
   * Sends a request once, and reads the whole answer. Redirects are answers like any other. A request that a kept
   * connection took and did not answer with a single byte (its server closed it meanwhile) is sent once more on another,
   * if it is repeatable.
   *
   * @throws {CallTimedOut}
   * @throws {AnswerTooLarge}
   * @throws the signal's reason once it is aborted: the connection is closed, so that the server knows
   * @throws whatever went wrong with the connection
   */
  post(request: HttpPost, signal: AbortSignal): Promise<HttpAnswer>
  close: Close
}

export class CallTimedOut extends Error {
  override name = 'CallTimedOut'
}

export class AnswerTooLarge extends Error {
  override name = 'AnswerTooLarge'
}

const connectionsPerOrigin = 128
const maxHeaderBytes = 16 * 1024

/** HTTP/1.1 over kept connections. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const stale = new WeakSet<Error>()
  const agent = new Agent({
    connections: connectionsPerOrigin,
    connect: createConnector(options, stale),
    allowH2: false,
    maxHeaderSize: maxHeaderBytes,
    // One deadline for the whole call, counted here, costs less than these two.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const deadlines = createDeadlines(options.timeoutMs)
  const sending = { agent, deadlines, stale, maxResponseBytes: options.maxResponseBytes }
  return {
    post: (request, signal) =>
      new Promise((resolve, reject) => send(request, signal, { ...sending, resolve, reject })),
    close: () => agent.destroy(),
  }
}

/** Errors of connections that had carried an answer before are noted in `stale`. */
function createConnector(
  { connectTimeoutMs, tls }: HttpClientOptions,
  stale: WeakSet<Error>,
): buildConnector.connector {
  const connect = buildConnector({ ...tls, timeout: connectTimeoutMs, allowH2: false })
  return (target, callback) =>
    connect(target, (...connected) => {
      const [, socket] = connected
      socket?.prependListener('error', (error) => {
        if (socket.bytesRead > 0) stale.add(error)
      })
      callback(...connected)
    })
}

type Sending = {
  agent: Agent
  deadlines: Deadlines
  stale: WeakSet<Error>
  maxResponseBytes: number
  resolve(answer: HttpAnswer): void
  reject(error: unknown): void
}

function decoded(chunks: readonly Buffer[]): Pick<HttpAnswer, 'text' | 'isAscii'> {
  const [first] = chunks
  const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks)
  const isAllAscii = isAscii(bytes)
  return { text: bytes.toString(isAllAscii ? 'latin1' : 'utf8'), isAscii: isAllAscii }
}

function send(request: HttpPost, signal: AbortSignal, sending: Sending): void {
  const { agent, deadlines, stale, maxResponseBytes, resolve, reject } = sending
  const { origin, path, headers, body } = request
  let controller: Dispatcher.DispatchController | null = null
  let ended = false
  let isAnswered = false
  let attempts = 0
  let answer: Pick<HttpAnswer, 'status' | 'headers'> = { status: 0, headers: {} }
  let chunks: Buffer[] = []
  let bytes = 0

  const settle = () => {
    ended = true
    deadlines.end(deadline)
    signal.removeEventListener('abort', onAbort)
  }
  /** Of our own accord: the connection is closed, whatever still comes on it is nobody's. */
  const giveUp = (reason: unknown) => {
    if (ended) return
    settle()
    reject(reason)
    controller?.abort(reason instanceof Error ? reason : new Error('The call was given up.'))
  }
  const onAbort = () => giveUp(signal.reason)
  const deadline = deadlines.start(() => giveUp(new CallTimedOut('There was no whole answer in time.')))

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (ended) started.abort(new Error('The call was given up before it began.'))
    },
    onResponseStarted() {
      isAnswered = true
    },
    onResponseStart(_controller, status, responseHeaders) {
      if (status >= 200) answer = { status, headers: responseHeaders }
    },
    onResponseData(_controller, chunk) {
      bytes += chunk.length
      if (bytes > maxResponseBytes)
        giveUp(new AnswerTooLarge(`The answer has more than ${maxResponseBytes} bytes.`))
      else chunks.push(chunk)
    },
    onResponseEnd() {
      if (ended) return
      settle()
      resolve({ ...answer, ...decoded(chunks) })
    },
    onResponseError(_controller, error) {
      if (ended) return
      if (request.repeatable && !isAnswered && attempts === 1 && isStale(error, stale)) return attempt()
      settle()
      reject(error)
    },
  }
  const attempt = () => {
    attempts++
    chunks = []
    agent.dispatch({ origin, path, method: 'POST', headers, body }, handler)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  else attempt()
}

/** The connection had been kept from an earlier call, and broke before a byte of this call's answer came. */
function isStale(error: Error, stale: WeakSet<Error>): boolean {
  if (error instanceof undiciErrors.SocketError) return (error.socket?.bytesRead ?? 0) > 0
  return stale.has(error)
}
