import { setTimeout as delay } from 'node:timers/promises'
import { Client, type QueryResult, type QueryResultRow } from 'pg'
import type { Close } from '../foundation/closing.ts'
import type { Log } from '../foundation/log.ts'
import { abortable } from './abortable.ts'

export type HeldConnectionOptions = {
  databaseUrl: string
  /** Seen in `pg_stat_activity`, and in log lines. */
  name: string
  log: Log
  /** Begins anew on every connection. Returns when the signal aborts: the connection is lost, or it is time to close. */
  work(session: Session, signal: AbortSignal): Promise<void>
}

/** One PostgreSQL session, for as long as the connection lasts. */
export type Session = {
  /** One after the other, in the order of the calls. @returns the rows; of several statements in one text, the last's */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  onNotification(listener: () => void): void
}

const heartbeatMs = 2_000
const longestBackoffMs = 2_000
const closeTimeoutMs = 2_000
/** A process that is stopped, or whose host is gone, must not hold up the queue of notifications, nor locks that nobody else waits for. */
const idleSessionTimeout = '10s'

/**
 * Keeps one PostgreSQL connection, and the work that lives on it, for as long as it is held: what needs LISTEN or a
 * lock of its session. When the connection is lost, or the work throws, it connects again, with backoff.
 */
export function holdConnection(options: HeldConnectionOptions): Close {
  const closing = new AbortController()
  const held = holdOn(options, closing.signal)
  return () => {
    closing.abort()
    return held
  }
}

async function holdOn(options: HeldConnectionOptions, closing: AbortSignal): Promise<void> {
  let failures = 0
  while (!closing.aborted) {
    try {
      await connectAndWork(options, closing, () => {
        failures = 0
      })
    } catch (error) {
      if (closing.aborted) return
      options.log.warn(
        { err: error, connection: options.name },
        'lost a database connection; connecting again',
      )
    }
    failures += 1
    const backoffMs = Math.min(longestBackoffMs, 50 * 2 ** failures) * (0.5 + Math.random() / 2)
    await delay(backoffMs, undefined, { signal: closing }).catch(() => undefined)
  }
}

async function connectAndWork(
  { databaseUrl, name, work }: HeldConnectionOptions,
  closing: AbortSignal,
  onConnected: () => void,
): Promise<void> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: name,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  })
  const session = sessionOf(client)
  const ending = new AbortController()
  const end = (reason: unknown) => ending.abort(reason)
  const onClosing = () => end(closing.reason)
  closing.addEventListener('abort', onClosing)
  client.on('error', end)
  client.on('end', () => end(new Error('The connection has ended.')))
  const heartbeat = setInterval(() => session.query('SELECT 1').catch(end), heartbeatMs)
  try {
    await abortable(client.connect(), ending.signal)
    await session.query(`SET idle_session_timeout = '${idleSessionTimeout}'`)
    onConnected()
    await work(session, ending.signal)
    // A loss that the work took for an order to stop is still a loss.
    if (!closing.aborted) ending.signal.throwIfAborted()
  } finally {
    clearInterval(heartbeat)
    closing.removeEventListener('abort', onClosing)
    await endClient(client)
  }
}

/** Heartbeats and loops share the session, and the driver wants one query at a time. */
function sessionOf(client: Client): Session {
  let last: Promise<unknown> = Promise.resolve()
  return {
    async query<Row extends QueryResultRow>(text: string, values?: unknown[]) {
      const answer = last.then(() => client.query<Row>(text, values))
      last = answer.catch(() => undefined)
      // Several statements have several results, which the driver's types do not know.
      const results: QueryResult<Row> | QueryResult<Row>[] = await answer
      return (Array.isArray(results) ? results.at(-1)?.rows : results.rows) ?? []
    },
    onNotification: (listener) => client.on('notification', listener),
  }
}

/** A server that is gone without a word never answers the farewell. */
async function endClient(client: Client): Promise<void> {
  const waited = new AbortController()
  await Promise.race([
    client.end().catch(() => undefined),
    delay(closeTimeoutMs, undefined, { signal: waited.signal }).catch(() => undefined),
  ])
  waited.abort()
}
