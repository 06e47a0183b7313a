import type { Redis } from 'ioredis'
import type { Log } from '../../../foundation/log.ts'
import type { PlatformEvent } from '../../catalogue/platform-event.ts'
import type { Bus, BusSubscription } from '../bus.ts'
import { type Broker, type BusOptions, busOver } from '../bus-over.ts'
import { partitionCount } from '../bus-store.ts'
import { partitionOf } from '../partition.ts'
import { createWakeups } from '../wakeups.ts'
import {
  connectRedis,
  prefix,
  publishedChannel,
  type RunScript,
  scriptRunner,
} from './redis-bus-connection.ts'
import { createRedisConsumers } from './redis-bus-consumers.ts'
import { createRedisOperations } from './redis-bus-operations.ts'
import { createRedisReplays } from './redis-bus-replays.ts'
import { trimRedisBus } from './redis-bus-retention.ts'
import { createGroupScript, publishScript } from './redis-bus-scripts.ts'

export type RedisBusOptions = BusOptions & {
  /**
   * `redis://…`. What an acknowledged publication survives is said by the server's `appendfsync`; with `?replicas=1` at
   * the end, it is acknowledged when so many replicas have it too.
   */
  url: string
}

/** An event that is published again after so long is delivered again; its id is the same. */
const dedupeSeconds = 3_600
/** For replicas, below the time that a command may take. */
const replicasWithinMs = 3_000

/**
 * The bus on Redis Streams: a stream for each partition, consumer groups of Redis, one owner of a partition at a time.
 *
 * @throws when Redis cannot be reached now. Later on it may come and go
 */
export async function openRedisBus({ url, ...options }: RedisBusOptions): Promise<Bus> {
  const { log } = options
  const replicas = replicasOf(url)
  const redis = connectRedis(url, 'event bus', log)
  const wakeups = createWakeups()
  // A connection that listens takes no other commands.
  const listener = connectRedis(url, 'event bus listener', log)
  await connect([redis, listener])
  listener.on('message', wakeups.wakeAll)
  await listener.subscribe(publishedChannel)
  await warnOfLoss(redis, log)
  const run = scriptRunner(redis)
  const replays = createRedisReplays(redis, run)
  const broker: Broker = {
    async publish(events) {
      await publish(run, events)
      if (replicas > 0) await untilReplicated(redis, replicas)
    },
    createGroup: (subscription) => createGroup(run, subscription),
    trim: (retention) => trimRedisBus(run, retention, log),
    consumers: createRedisConsumers(redis, run),
    replays,
    operations: createRedisOperations(redis, run, { replays, published: wakeups.wait }),
    wakeups,
    async close() {
      listener.disconnect()
      redis.disconnect()
    },
  }
  return busOver(broker, options)
}

async function connect(connections: readonly Redis[]): Promise<void> {
  try {
    await Promise.all(connections.map((connection) => connection.connect()))
  } catch (error) {
    for (const connection of connections) connection.disconnect()
    throw error
  }
}

async function publish(run: RunScript, events: readonly PlatformEvent[]): Promise<void> {
  const values = events.flatMap((event) => [partitionOf(event), event.id, JSON.stringify(event)])
  await run(publishScript, [prefix, dedupeSeconds, ...values])
}

/** @throws {TypeError} unless it is a number */
function replicasOf(url: string): number {
  const given = new URL(url).searchParams.get('replicas') ?? '0'
  if (!/^\d$/.test(given)) throw new TypeError(`replicas is a number from 0 to 9, not ${given}.`)
  return Number(given)
}

/**
 * It is in the stream all the same: whoever publishes it again writes nothing but the clock, and waits for that.
 *
 * @throws when too few replicas have what this connection has written
 */
async function untilReplicated(redis: Redis, replicas: number): Promise<void> {
  const reached = await redis.wait(replicas, replicasWithinMs)
  if (reached < replicas) throw new Error(`Events have reached ${reached} of ${replicas} replicas of Redis.`)
}

async function createGroup(run: RunScript, { group, from = 'now', replay }: BusSubscription): Promise<void> {
  const start = from === 'now' ? '$' : '0'
  await run(createGroupScript, [prefix, group, partitionCount, start, replay ? 1 : 0])
}

/** A Redis that forgets is allowed, in development; it is not to go unnoticed. */
async function warnOfLoss(redis: Redis, log: Log): Promise<void> {
  const config = await redis.config('GET', 'append*', 'maxmemory-policy').catch(() => null)
  const settings = new Map<string, string>()
  if (Array.isArray(config)) {
    for (let index = 0; index < config.length; index += 2)
      settings.set(String(config[index]), String(config[index + 1]))
  }
  const { appendonly, appendfsync, 'maxmemory-policy': policy } = Object.fromEntries(settings)
  if (appendonly === 'no' || (appendfsync !== undefined && appendfsync !== 'always')) {
    log.warn(
      { appendonly, appendfsync },
      'Redis may lose acknowledged events when it ends: see docs/operations.md',
    )
  }
  if (policy !== undefined && policy !== 'noeviction') {
    log.warn(
      { policy },
      'Redis may throw events away when its memory is full: set maxmemory-policy to noeviction',
    )
  }
}
