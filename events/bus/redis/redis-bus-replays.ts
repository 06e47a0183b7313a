import type { Redis } from 'ioredis'
import { partitionCount } from '../bus-store.ts'
import { checkReplay } from '../replay/check-replay.ts'
import {
  type Replay,
  type ReplayRequest,
  type ReplayStatus,
  replayCovers,
  replayGroup,
} from '../replay/replay.ts'
import { clockSkewMs, type ReplayStore, replayUnderWay } from '../replay/replay-store.ts'
import { prefix, type RunScript } from './redis-bus-connection.ts'
import { countHistory } from './redis-bus-history.ts'
import { beginReplayScript, endReplayScript, replayCompleteScript } from './redis-bus-replay-scripts.ts'

export type RedisReplays = ReplayStore & {
  start(request: ReplayRequest): Promise<Replay>
  find(id: string): Promise<Replay | null>
}

export function createRedisReplays(redis: Redis, run: RunScript): RedisReplays {
  const openKey = (group: string, client: string) => `${prefix}replaying:${JSON.stringify([group, client])}`
  const openIds = (group: string) => `${prefix}g:${group}:replays`

  async function find(id: string): Promise<Replay | null> {
    const kept = await redis.hgetall(`${prefix}replay:${id}`)
    if (!kept.request) return null
    const handled = await redis.hvals(`${prefix}g:${replayGroup(id)}:handled`)
    return {
      ...(JSON.parse(kept.request) as ReplayRequest),
      id,
      status: statusOf(kept.status),
      matched: Number(kept.matched),
      delivered: kept.delivered ? Number(kept.delivered) : handled.reduce((sum, n) => sum + Number(n), 0),
      requestedAt: kept.requestedAt ?? '',
      endedAt: kept.endedAt ?? null,
      error: kept.error || null,
    }
  }

  return {
    find,
    async start(request) {
      const flag = await redis.hget(`${prefix}groups`, request.group)
      const horizonMs = await redis.hget(`${prefix}horizon`, 'ms')
      const checked = checkReplay(request, {
        replayable: flag === null ? null : flag === '1',
        horizon: horizonMs === null ? null : new Date(Number(horizonMs)),
      })
      const { group, client, from } = checked
      const matched = await countHistory(redis, Date.parse(from) - clockSkewMs, (event) =>
        replayCovers(checked, event),
      )
      const id = crypto.randomUUID()
      if ((await redis.setnx(openKey(group, client), id)) === 0) {
        throw replayUnderWay((await redis.get(openKey(group, client))) ?? '')
      }
      const fields = {
        request: JSON.stringify(checked),
        status: 'PREPARING',
        matched,
        requestedAt: new Date().toISOString(),
      }
      await redis.multi().hset(`${prefix}replay:${id}`, fields).sadd(openIds(group), id).exec()
      const started = await find(id)
      if (!started) throw new Error('Redis has lost a replay that was just written.')
      return started
    },
    async open(group) {
      const ids = await redis.smembers(openIds(group))
      const found = await Promise.all(ids.map(find))
      return found.filter((replay) => replay !== null)
    },
    async begin({ id, from }) {
      const after = `${Math.max(0, Date.parse(from) - clockSkewMs - 1)}-0`
      await run(beginReplayScript, [prefix, id, replayGroup(id), partitionCount, after])
    },
    async isComplete({ id }) {
      return (await run(replayCompleteScript, [prefix, id, replayGroup(id), partitionCount])) === 1
    },
    async end({ id, group, client }, error) {
      const outcome = [error === null ? 'DONE' : 'FAILED', error ?? '', new Date().toISOString()]
      const values = [prefix, id, replayGroup(id), partitionCount, ...outcome, openKey(group, client)]
      await run(endReplayScript, values)
      await redis.srem(openIds(group), id)
    },
  }
}

function statusOf(text: string | undefined): ReplayStatus {
  if (text === 'PREPARING' || text === 'RUNNING' || text === 'DONE' || text === 'FAILED') return text
  throw new Error(`A replay has the status ${text}.`)
}
