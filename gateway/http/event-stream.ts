import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { Answers } from '../subscriptions/read-group.ts'
import { callerGone } from '../supergraph/caller-gone.ts'
import type { ShowError } from '../supergraph/show-error.ts'
import type { Outcome } from '../ws/run-operation.ts'

/** One answer of server-sent events, to one operation. */
export type EventStream = {
  /** Aborts when the reader is gone, or the stream has been ended from this side. */
  disconnected: AbortSignal
  /** Sends whatever becomes of the operation; resolves when the stream has ended. */
  send(run: () => Promise<Outcome>): Promise<void>
  /** A comment, where nothing else is being sent. */
  beat(): void
  /** Ends it if the caller is no longer who it was. */
  recheck(): void
  /** Ends it without the word that the operation is complete: its reader shall come again. */
  abandon(): void
}

export type EventStreamOptions = {
  holds(): boolean
  /** Milliseconds since the epoch; null: never. */
  expiresAt: number | null
  show: ShowError
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  connection: 'keep-alive',
  // nginx would wait for more before it passes anything on.
  'x-accel-buffering': 'no',
}
const longestTimerMs = 2 ** 31 - 1

export function createEventStream(
  response: ServerResponse,
  { holds, expiresAt, show }: EventStreamOptions,
): EventStream {
  const gone = new AbortController()
  const leave = () => gone.abort(callerGone)
  let phase: 'open' | 'ended' = 'open'

  const write = (text: string) => {
    if (phase === 'open' && !response.destroyed) response.write(text)
  }
  const next = (text: string, cursor: string | null = null) =>
    write(`${isSendable(cursor) ? `id: ${cursor}\n` : ''}event: next\ndata: ${text}\n\n`)
  const finish = () => {
    // The empty data is for EventSource, which leaves out events without any.
    write('event: complete\ndata: \n\n')
    abandon()
  }
  const fail = (errors: readonly GraphQLFormattedError[]) => {
    next(JSON.stringify({ errors }))
    finish()
  }
  const abandon = () => {
    if (phase === 'ended') return
    phase = 'ended'
    clearTimeout(expiry)
    leave()
    response.end()
  }
  const recheck = () => {
    if (phase === 'open' && !holds()) fail([show(noLongerHolds(expiresAt))])
  }
  const expiry = setTimeout(recheck, msUntil(expiresAt))
  expiry.unref()
  response.once('close', abandon)
  response.on('error', leave)

  const deliver = async (answers: Answers) => {
    try {
      for (;;) {
        const step = await answers.next()
        if (step.done) return finish()
        recheck()
        if (phase === 'ended') return
        next(step.value.text, step.value.cursor)
        // Nothing is asked for that cannot be sent: what waits does so at the module's, as for every slow reader.
        if (response.writableNeedDrain) await once(response, 'drain', { signal: gone.signal })
      }
    } catch (error) {
      if (!gone.signal.aborted) fail([show(error)])
    } finally {
      await answers.return()
    }
  }

  return {
    disconnected: gone.signal,
    async send(run) {
      response.writeHead(200, headers)
      write(':\n\n')
      const outcome = await run()
      switch (outcome.kind) {
        case 'refused':
          return fail(outcome.errors)
        case 'result':
          next(outcome.text)
          return finish()
        case 'answers':
          return deliver(outcome.answers)
        default:
          return outcome satisfies never
      }
    },
    beat() {
      if (!response.writableNeedDrain) write(':\n\n')
    },
    recheck,
    abandon,
  }
}

/** What would break the line, or could not come back in a header, is no id. */
function isSendable(cursor: string | null): cursor is string {
  return cursor !== null && /^[\x21-\x7e]+$/.test(cursor)
}

function msUntil(time: number | null): number {
  return time === null ? longestTimerMs : Math.max(0, Math.min(time - Date.now() + 1, longestTimerMs))
}

function noLongerHolds(expiresAt: number | null): TrellisError {
  if (expiresAt !== null && expiresAt <= Date.now())
    return new TrellisError('TOKEN_EXPIRED', 'The token has expired; subscribe again with a fresh one.')
  return new TrellisError('UNAUTHENTICATED', 'The credentials of this connection have ended.')
}
