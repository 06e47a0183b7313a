import type { Pool } from 'pg'
import { TrellisError } from '../foundation/errors.ts'
import type { Log } from '../foundation/log.ts'
import { abortable } from './abortable.ts'
import { expiredCursor } from './cursor.ts'
import { endable } from './endable.ts'
import type { PositionedEvent } from './event-row.ts'
import { type LogPage, type LogPageRequest, readLogPage } from './log-page.ts'
import type { LogReader } from './log-reader.ts'
import type { LogEntry, LogStream } from './log-stream.ts'
import { createWakeup } from './wakeup.ts'

export type TailSource = { reader: LogReader; pool: Pool; source: string; log: Log }

const pageSize = 50

/**
 * History, then live, from the same positions. It pulls: a subscriber that does not ask costs its place in the log and
 * no more. While its place is within the reader's memory it reads there, else in the database, page by page.
 */
export function tailLog(
  from: TailSource,
  { stream, after }: { stream: LogStream; after: string | null },
  signals: readonly AbortSignal[],
): AsyncGenerator<LogEntry, void, void> {
  const { reader } = from
  // Taken now, and not at the first `next()`: what happens between the two belongs to the subscriber.
  const life = reader.life()
  const start = reader.latest()
  const scope = { client: stream.client, stream: stream.name }

  return endable(signals, async function* follow(signal) {
    let position = after === null ? start : life.cursors.decode(scope, after)
    while (!signal.aborted) {
      if (reader.life() !== life) throw expiredCursor()
      const step = await takeStep(from, { stream, position }, signal)
      for (const { position, event } of step.events) {
        yield { cursor: life.cursors.encode(scope, position), event }
        if (signal.aborted) return
      }
      position = step.position
    }
  })
}

type Step = {
  events: readonly PositionedEvent[] /** Everything up to here has been seen. */
  position: number
}

async function takeStep(
  from: TailSource,
  { stream, position }: { stream: LogStream; position: number },
  signal: AbortSignal,
): Promise<Step> {
  const { reader } = from
  const pulled = reader.pull(position, stream)
  if (pulled?.event) return { events: [pulled.event], position: pulled.position }
  if (pulled) {
    const arrivedAfter = await reader.arrival(stream.client, signal)
    return { events: [], position: Math.max(pulled.position, arrivedAfter) }
  }
  const upTo = reader.latest()
  const page = await readPatiently(from, { ...stream, after: position, upTo, limit: pageSize }, signal)
  return { events: page.events, position: page.isLast ? upTo : (page.events.at(-1)?.position ?? position) }
}

/** A database that is away is waited for. @returns nothing when the signal came first */
async function readPatiently(
  { pool, source, log }: TailSource,
  request: LogPageRequest,
  signal: AbortSignal,
): Promise<LogPage> {
  const pause = createWakeup()
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await abortable(readLogPage(pool, source, request), signal)
    } catch (error) {
      if (signal.aborted) break
      if (error instanceof TrellisError) throw error
      log.warn({ err: error, source, attempt }, 'a page of the event log could not be read; trying again')
      await pause.wait(Math.min(2_000, 50 * 2 ** attempt), signal)
    }
  }
  return { events: [], isLast: false }
}
