import type { Pool } from 'pg'
import type { Log } from '../../foundation/log.ts'
import type { Turns } from '../../foundation/turns.ts'
import type { PositionedEvent } from '../event-row.ts'
import { createWakeup } from '../wakeup.ts'
import { expiredCursor } from './cursor.ts'
import { endable } from './endable.ts'
import { isBehind, type LogPage, readLogPage } from './log-page.ts'
import type { LogReader } from './log-reader.ts'
import type { LogEntry, LogStream, NewestOnly } from './log-stream.ts'
import { newestOfEach } from './newest-of-each.ts'
import { patiently } from './patiently.ts'
import { skipAhead } from './skip-ahead.ts'

export type TailSource = {
  reader: LogReader
  pool: Pool
  source: string
  log: Log
  /** How many events of its types a subscriber that was live may be behind. Further behind, it skips ahead. */
  maxBehind: number
  /** To skip ahead is to read a lot: few do at once, so that those who fell behind do not hold up the others. */
  skipping: Turns
}

export type Tail = AsyncGenerator<LogEntry, void, void> & {
  /** The cursor of where it stands: behind what it has given, and before the next event. Not much older than the present. */
  place(): string
}

const pageSize = 50
const skippedPageSize = 1_000

/**
 * History, then live, from the same positions. It pulls: a subscriber that does not ask costs its place in the log and
 * no more. While its place is within the reader's memory it reads there, else in the database, page by page. One that
 * had reached the present and fell too far behind goes on with the newest event, and is told how many it missed;
 * history that was asked for is given in full.
 */
export function tailLog(
  from: TailSource,
  { stream, after }: { stream: LogStream; after: string | null },
  signals: readonly AbortSignal[],
): Tail {
  const { reader } = from
  // Taken now, and not at the first `next()`: what happens between the two belongs to the subscriber.
  const life = reader.life()
  const start = reader.latest()
  const scope = { client: stream.client, stream: stream.name }
  /** Null: nothing yet behind the cursor that was given, which is read when it is first asked. */
  let seen: number | null = null

  const entries = endable(signals, async function* follow(signal) {
    const tail: Following = { from, stream, signal }
    let place: Place = { position: start, isLive: true }
    if (after !== null) place = { position: life.cursors.decode(scope, after), isLive: false }
    while (!signal.aborted) {
      if (reader.life() !== life) throw expiredCursor()
      seen = place.position
      const step = await takeStep(tail, place)
      for await (const { position, event, lagged } of given(tail, step.found)) {
        yield { cursor: life.cursors.encode(scope, position), event, lagged }
        // Not before: whoever asks for the next is done with this one.
        seen = position
      }
      place = step.place
      if (stream.newest && step.found.length > 0) await createWakeup().wait(stream.newest.restMs, signal)
    }
  })
  const place = () => (after !== null && seen === null ? after : life.cursors.encode(scope, seen ?? start))
  return Object.assign(entries, { place })
}

type Following = { from: TailSource; stream: LogStream; signal: AbortSignal }

/** Everything up to `position` has been seen; `isLive` once it has been all there was. */
type Place = { position: number; isLive: boolean }

type Found = PositionedEvent & { lagged: number; hasPassed: boolean }
type Step = { found: readonly Found[]; place: Place }

async function* given(tail: Following, found: readonly Found[]): AsyncGenerator<Found> {
  for (const event of found) {
    const isGiven = event.hasPassed || (await passes(tail, event))
    if (tail.signal.aborted) return
    if (isGiven) yield event
  }
}

async function takeStep(tail: Following, { position, isLive }: Place): Promise<Step> {
  const { from, stream, signal } = tail
  const { reader } = from
  const pulled = reader.pull(position, stream)
  if (pulled && !pulled.event) {
    const arrivedAfter = await reader.arrival(stream.client, signal)
    return { found: [], place: { position: Math.max(pulled.position, arrivedAfter), isLive: true } }
  }
  if (stream.newest) return takeNewest(tail, position, stream.newest)
  if (pulled?.event) {
    return { found: [unjudged(pulled.event)], place: { position: pulled.position, isLive: true } }
  }
  const upTo = reader.latest()
  if (isLive && (await isTooFarBehind(tail, { after: position, upTo }))) {
    return catchUp(tail, position)
  }
  const page = await readPage(tail, { after: position, upTo, limit: pageSize })
  const seen = page?.isLast ? upTo : (page?.events.at(-1)?.position ?? position)
  return { found: (page?.events ?? []).map(unjudged), place: { position: seen, isLive } }
}

function unjudged(event: PositionedEvent): Found {
  return { ...event, lagged: 0, hasPassed: false }
}

async function takeNewest(tail: Following, after: number, { about }: NewestOnly): Promise<Step> {
  const { reader } = tail.from
  const upTo = reader.latest()
  const { newest, position } = await newestOfEach({
    after,
    upTo,
    about,
    passes: (event) => passes(tail, event),
    async read(position) {
      const pulled = reader.pull(position, tail.stream)
      if (pulled) return { events: pulled.event ? [pulled.event] : [], position: pulled.position }
      const page = await readPage(tail, { after: position, upTo, limit: skippedPageSize })
      return (
        page && { events: page.events, position: page.isLast ? upTo : (page.events.at(-1)?.position ?? upTo) }
      )
    },
  })
  return {
    found: newest.map((event) => ({ ...event, lagged: 0, hasPassed: true })),
    place: { position, isLive: true },
  }
}

type Range = { after: number; upTo: number }

async function isTooFarBehind({ from, stream, signal }: Following, range: Range): Promise<boolean> {
  const { pool, log, maxBehind } = from
  const what = 'counting how far a subscriber is behind'
  const answer = await patiently({ what, signal, log }, () =>
    isBehind(pool, { ...stream, ...range }, maxBehind),
  )
  return answer ?? false
}

async function catchUp(tail: Following, after: number): Promise<Step> {
  const endTurn = await tail.from.skipping.take(tail.signal)
  const upTo = tail.from.reader.latest()
  const { newest, leftOut } = await skipAhead({
    after,
    upTo,
    readPage: (position) => readPage(tail, { after: position, upTo, limit: skippedPageSize }),
    passes: (event) => passes(tail, event),
  }).finally(() => endTurn?.())
  const found = newest ? [{ ...newest, lagged: leftOut, hasPassed: true }] : []
  return { found, place: { position: upTo, isLive: true } }
}

/** False also when the signal came first. */
async function passes(
  { from: { log }, stream, signal }: Following,
  { event }: PositionedEvent,
): Promise<boolean> {
  if (!stream.passes) return true
  const what = `whether an event of ${stream.name} passes`
  const answer = await patiently({ what, signal, log }, async () => stream.passes?.(event))
  return answer ?? false
}

function readPage(
  { from: { pool, source, log }, stream, signal }: Following,
  range: Range & { limit: number },
): Promise<LogPage | null> {
  const what = 'reading a page of the event log'
  return patiently({ what, signal, log }, () => readLogPage(pool, source, { ...stream, ...range }))
}
