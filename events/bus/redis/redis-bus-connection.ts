import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Log } from '../../../foundation/log.ts'
import type { Position } from '../bus-store.ts'

/** In one slot of a cluster: scripts see all of it. */
export const prefix = '{trellis}:'
export const publishedChannel = `${prefix}published`

export type RunScript = (script: string, values: readonly (string | number)[]) => Promise<unknown>

/** Connects again by itself. A command that is not answered in time is rejected; whoever sent it repeats it. */
export function connectRedis(url: string, name: string, log: Log): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    maxRetriesPerRequest: 1,
    keepAlive: 5_000,
    retryStrategy: (times) => Math.min(1_000, 50 * times),
  })
  redis.on('error', (error) => log.debug({ err: error, connection: name }, 'lost a connection to Redis'))
  return redis
}

/** Sends a script's digest, and the script itself where Redis does not know it. */
export function scriptRunner(redis: Redis): RunScript {
  const digests = new Map<string, string>()
  return async (script, values) => {
    let digest = digests.get(script)
    if (!digest) {
      digest = createHash('sha1').update(script).digest('hex')
      digests.set(script, digest)
    }
    try {
      return await redis.evalsha(digest, 0, ...values)
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error
      return redis.eval(script, 0, ...values)
    }
  }
}

/** A script's answer that is a list of texts. */
export function texts(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}

/** Ids of a stream, so that they are in order as text. */
export function positionOfId(id: string): Position {
  const [ms = '0', seq = '0'] = id.split('-')
  return `${ms.padStart(15, '0')}-${seq.padStart(10, '0')}`
}

export function idOfPosition(position: Position): string {
  const [ms, seq] = position.split('-')
  return `${Number(ms)}-${Number(seq)}`
}
