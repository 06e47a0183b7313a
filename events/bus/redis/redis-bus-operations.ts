import type { Redis } from 'ioredis'
import type { BusOperations, DeadLetter, GroupStatus } from '../bus-operations.ts'
import { partitionCount } from '../bus-store.ts'
import { prefix, type RunScript } from './redis-bus-connection.ts'
import { countHistory, latestPosition, passes, readHistory } from './redis-bus-history.ts'
import type { RedisReplays } from './redis-bus-replays.ts'
import { redeliverScript } from './redis-bus-scripts.ts'
import { readDeadLetter } from './redis-dead-letter.ts'

const maxLag = 10_000
const page = 500

export function createRedisOperations(
  redis: Redis,
  run: RunScript,
  { replays, published }: { replays: RedisReplays; published: BusOperations['published'] },
): BusOperations {
  return {
    published,
    startReplay: replays.start,
    replay: replays.find,
    latest: () => latestPosition(redis),
    history: (filter, page) => readHistory(redis, filter, page),
    count: (filter) => countHistory(redis, 0, (event) => passes(filter, event)),
    async groups() {
      const groups = Object.entries(await redis.hgetall(`${prefix}groups`))
      const named = groups.filter(([name]) => !name.startsWith('replay:')).sort()
      return Promise.all(named.map(([name, replayable]) => statusOf(redis, name, replayable === '1')))
    },
    async redeliver({ group, client }, ids) {
      if (ids?.length === 0) return 0
      return Number(await run(redeliverScript, [prefix, group, client ?? '', ...(ids ?? [])]))
    },
    async deadLetters({ group, client }, { after, limit }) {
      const letters: DeadLetter[] = []
      let from = `(${after ?? 0}`
      while (letters.length < limit) {
        const entries = await redis.zrange(
          `${prefix}g:${group}:letters`,
          from,
          '+inf',
          'BYSCORE',
          'LIMIT',
          0,
          page,
          'WITHSCORES',
        )
        if (entries.length === 0) break
        from = `(${entries.at(-1)}`
        const found = await readLetters(redis, group, entries)
        letters.push(...found.filter(({ event }) => client === null || event.client === client))
      }
      return letters.slice(0, limit)
    },
  }
}

/** @param entries id, place, id, place */
async function readLetters(redis: Redis, group: string, entries: readonly string[]): Promise<DeadLetter[]> {
  const ids = entries.filter((_, index) => index % 2 === 0)
  const letters = await redis.hmget(`${prefix}g:${group}:dead`, ...ids)
  const redelivering = await redis.smismember(`${prefix}g:${group}:redeliver`, ...ids)
  return letters.flatMap((json, index) => {
    if (!json) return []
    const { event, error, attempts, failedAt } = readDeadLetter(json)
    const key = entries[index * 2 + 1] ?? ''
    return [{ key, group, event, error, attempts, failedAt, redelivering: redelivering[index] === 1 }]
  })
}

async function statusOf(redis: Redis, name: string, replayable: boolean): Promise<GroupStatus> {
  const [lags, members, deadLetters] = await Promise.all([
    Promise.all(Array.from({ length: partitionCount }, (_, partition) => lagOf(redis, name, partition))),
    redis.zcount(`${prefix}g:${name}:members`, Date.now(), '+inf'),
    redis.zcard(`${prefix}g:${name}:letters`),
  ])
  const lag = lags.reduce((sum, one) => sum + one, 0)
  return { name, replayable, members, deadLetters, lag: Math.min(lag, maxLag) }
}

/** What was not read, and what was read and is not done. */
async function lagOf(redis: Redis, name: string, partition: number): Promise<number> {
  const groups = (await redis.xinfo('GROUPS', `${prefix}p:${partition}`)) as unknown[][]
  const group = groups.find((fields) => fields[1] === name)
  if (!group) return 0
  const field = (label: string) => group[group.indexOf(label) + 1]
  const unread = field('lag') ?? (await countUnread(redis, partition, String(field('last-delivered-id'))))
  return Number(unread) + Number(field('pending'))
}

/** Redis does not know it after some deletions. */
async function countUnread(redis: Redis, partition: number, last: string): Promise<number> {
  return (await redis.xrange(`${prefix}p:${partition}`, `(${last}`, '+', 'COUNT', 1_000)).length
}
