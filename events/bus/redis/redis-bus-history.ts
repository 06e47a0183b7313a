import type { Redis } from 'ioredis'
import type { PlatformEvent } from '../../catalogue/platform-event.ts'
import type { HistoryEntry, HistoryFilter, HistoryPage } from '../bus-operations.ts'
import { partitionCount } from '../bus-store.ts'
import { expiredPlace, invalidPlace } from '../history-place.ts'
import { idOfPosition, positionOfId, prefix } from './redis-bus-connection.ts'

const pageSize = 500
const positionPattern = /^\d{15}-\d{10}$/
const partitions = Array.from({ length: partitionCount }, (_, partition) => `${prefix}p:${partition}`)

type Passes = (event: PlatformEvent) => boolean
type Range = { from: string; to: string; newestFirst: boolean }

/** Ids are given in one order over all partitions, so that what they hold can be put together. */
export async function readHistory(
  redis: Redis,
  filter: HistoryFilter,
  { after, limit, newestFirst }: HistoryPage,
): Promise<HistoryEntry[]> {
  if (after !== null && !positionPattern.test(after)) throw invalidPlace()
  const place = after === null ? null : `(${idOfPosition(after)}`
  // What is published while the partitions are read one after the other belongs to the next page.
  const latest = idOfPosition(await latestPosition(redis))
  const range = newestFirst
    ? { from: '-', to: place ?? latest, newestFirst }
    : { from: place ?? '-', to: latest, newestFirst }
  const found = await Promise.all(
    partitions.map(async (stream) => {
      const entries: HistoryEntry[] = []
      for await (const entry of scan(redis, stream, range)) {
        if (passes(filter, entry.event) && entries.push(entry) === limit) break
      }
      return entries
    }),
  )
  if (after !== null && !newestFirst) await refuseTrimmed(redis, after)
  const order = newestFirst ? -1 : 1
  return found
    .flat()
    .sort((a, b) => (a.position < b.position ? -order : order))
    .slice(0, limit)
}

export async function countHistory(redis: Redis, fromMs: number, counts: Passes): Promise<number> {
  let count = 0
  const range = { from: `${Math.max(0, fromMs)}-0`, to: '+', newestFirst: false }
  for (const stream of partitions) {
    for await (const { event } of scan(redis, stream, range)) if (counts(event)) count += 1
  }
  return count
}

export async function latestPosition(redis: Redis): Promise<string> {
  const [ms, seq] = await redis.hmget(`${prefix}clock`, 'ms', 'seq')
  return positionOfId(`${ms ?? 0}-${seq ?? 0}`)
}

export function passes({ client, type, subject }: HistoryFilter, event: PlatformEvent): boolean {
  return (
    (client === null || event.client === client) &&
    (type === null || event.type === type) &&
    (subject === null || event.subject === subject)
  )
}

async function* scan(redis: Redis, stream: string, range: Range): AsyncGenerator<HistoryEntry> {
  let { from, to } = range
  for (;;) {
    const page = range.newestFirst
      ? await redis.xrevrange(stream, to, from, 'COUNT', pageSize)
      : await redis.xrange(stream, from, to, 'COUNT', pageSize)
    for (const [id, [, json = '']] of page) yield { position: positionOfId(id), event: JSON.parse(json) }
    const last = page.at(-1)?.[0]
    if (last === undefined || page.length < pageSize) return
    if (range.newestFirst) to = `(${last}`
    else from = `(${last}`
  }
}

async function refuseTrimmed(redis: Redis, after: string): Promise<void> {
  const horizon = await redis.hget(`${prefix}horizon`, 'id')
  if (horizon !== null && after < positionOfId(horizon)) throw expiredPlace()
}
