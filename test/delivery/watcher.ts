import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '../support/graphql.ts'
import type { Change } from './model.ts'
import { openPhone } from './phone.ts'
import type { Random } from './random.ts'
import { collection } from './writers.ts'

/** One that stays, one that loses its network now and then, one that stops reading for a while. */
export type Temper = 'steady' | 'on the move' | 'slow'

export type WatcherOptions = {
  name: string
  temper: Temper
  endpoints: readonly string[]
  connectionParams: Readonly<Record<string, string>>
  random: Random
  signal: AbortSignal
}

export type Watcher = {
  name: string
  /** Every change it was given, as it came. */
  seen: Change[]
  /** How often it connected, how many of its streams were ended by the other side, and what it went back for. */
  counts: { connected: number; ended: number; lagged: number }
  /** The codes its streams were ended with. */
  codes: Map<string, number>
  ended: Promise<void>
}

type Payload = {
  recordChanged: { cursor: string; lagged: number; version: number; record: { id: string } } | null
}

const query = `subscription ($collection: String!, $after: String) {
  recordChanged(collection: $collection, after: $after) { cursor lagged version record { id } }
}`

/** Subscribes, and after every interruption again, with the cursor of the last change it has seen. */
export function watch(options: WatcherOptions): Watcher {
  const watcher: Watcher = {
    name: `${options.name} (${options.temper})`,
    seen: [],
    counts: { connected: 0, ended: 0, lagged: 0 },
    codes: new Map(),
    ended: Promise.resolve(),
  }
  watcher.ended = resume(options, watcher)
  return watcher
}

async function resume(options: WatcherOptions, watcher: Watcher): Promise<void> {
  let cursor: string | null = null
  while (!options.signal.aborted) {
    cursor = await follow(options, watcher, cursor)
    const away = options.temper === 'on the move' ? 3_000 : 300
    await pause(options.random.between(50, away))
  }
}

/** @returns the cursor to go on from */
async function follow(
  options: WatcherOptions,
  watcher: Watcher,
  from: string | null,
): Promise<string | null> {
  const { endpoints, connectionParams, random, temper, signal } = options
  const { client, stopReading } = openPhone(random.pick(endpoints), connectionParams)
  const end = () => client.terminate()
  signal.addEventListener('abort', end)
  const leaving = temper === 'on the move' ? setTimeout(end, random.between(500, 5_000)) : undefined
  let cursor = from
  try {
    watcher.counts.connected += 1
    const payloads = client.iterate<Payload>({ query, variables: { collection, after: from } })
    for await (const payload of payloads) {
      const change = payload.data?.recordChanged
      if (!change) {
        noteCode(watcher, payload as Answer)
        break
      }
      if (change.lagged > 0) {
        watcher.counts.lagged += change.lagged
        break // It goes back by the cursor before the hole.
      }
      watcher.seen.push({ record: change.record.id, version: change.version })
      cursor = change.cursor
      if (temper === 'slow' && random.next() < 0.02) stopReading(random.between(500, 5_000))
    }
  } catch (error) {
    noteCode(watcher, error)
  } finally {
    clearTimeout(leaving)
    signal.removeEventListener('abort', end)
    client.terminate()
    watcher.counts.ended += 1
  }
  return cursor
}

function noteCode({ codes }: Watcher, cause: unknown): void {
  const text = JSON.stringify(cause) ?? ''
  const code = /"code":"?([A-Z_]+|\d{4})/.exec(text)?.[1] ?? (cause instanceof Error ? cause.name : 'closed')
  codes.set(code, (codes.get(code) ?? 0) + 1)
}
