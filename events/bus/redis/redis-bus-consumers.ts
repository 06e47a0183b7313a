import type { Redis } from 'ioredis'
import type { PlatformEvent } from '../../catalogue/platform-event.ts'
import {
  type ConsumerStore,
  type Handover,
  type Lease,
  leaseMs,
  type Member,
  partitionCount,
  type Settlement,
  type StoredEvent,
} from '../bus-store.ts'
import { subjectKey } from '../partition.ts'
import { idOfPosition, positionOfId, prefix, type RunScript, texts } from './redis-bus-connection.ts'
import {
  heartbeatScript,
  readScript,
  releaseScript,
  settleScript,
  takeOverScript,
} from './redis-bus-scripts.ts'
import { readDeadLetter, writeDeadLetter } from './redis-dead-letter.ts'

/**
 * Consumer groups of Redis, one stream a partition. What was read and is not acknowledged is in the group's list of
 * pending entries; a new owner claims it.
 */
export function createRedisConsumers(redis: Redis, run: RunScript): ConsumerStore {
  return {
    async heartbeat({ group, id }) {
      const [share, ...rest] = texts(await run(heartbeatScript, [prefix, group, id, leaseMs, partitionCount]))
      const leases = inGroupsOf(2, rest).map(([partition, token = '']) => ({
        partition: Number(partition),
        token,
      }))
      return { leases, share: Number(share) }
    },
    async release({ group, id }, leases) {
      await run(releaseScript, [prefix, group, id, 0, ...leases.map(({ partition }) => partition)])
    },
    async leave({ group, id }) {
      const all = Array.from({ length: partitionCount }, (_, partition) => partition)
      await run(releaseScript, [prefix, group, id, 1, ...all])
    },
    async takeOver(member, leases) {
      const handovers = await Promise.all(leases.map((lease) => takeOver(run, member, lease)))
      return handovers.filter((handover) => handover !== null)
    },
    async read({ group, id }, wants) {
      const asked = wants.flatMap(({ lease, after, limit }) => [
        lease.partition,
        lease.token,
        idOfPosition(after),
        limit,
      ])
      const answer = texts(await run(readScript, [prefix, group, id, ...asked]))
      return inGroupsOf(3, answer).map(([partition, id = '', json = '']) => ({
        partition: Number(partition),
        position: positionOfId(id),
        event: parseEvent(json),
      }))
    },
    async load(partition, position) {
      const id = idOfPosition(position)
      const [entry] = await redis.xrange(`${prefix}p:${partition}`, id, id)
      return entry ? parseEvent(entry[1][1] ?? '') : null
    },
    async redeliveries(group, partitions) {
      const ids = await redis.smembers(`${prefix}g:${group}:redeliver`)
      if (ids.length === 0) return []
      const letters = await redis.hmget(`${prefix}g:${group}:dead`, ...ids)
      return letters
        .flatMap((json): StoredEvent[] => (json ? [readDeadLetter(json)] : []))
        .filter(({ partition }) => partitions.includes(partition))
        .sort((a, b) => (a.position < b.position ? -1 : 1))
    },
    async settle({ group, id }, settlements) {
      const values = settlements.flatMap(({ lease, ...settlement }) => [
        lease.partition,
        lease.token,
        writeSettlement(lease, settlement),
      ])
      return new Set(texts(await run(settleScript, [prefix, group, id, ...values])).map(Number))
    },
  }
}

async function takeOver(run: RunScript, { group, id }: Member, lease: Lease): Promise<Handover | null> {
  const answer = texts(await run(takeOverScript, [prefix, group, id, lease.partition, lease.token]))
  const [cursor, upTo, handled, ...entries] = answer
  if (cursor === undefined) return null
  return {
    partition: lease.partition,
    cursor: positionOfId(cursor),
    upTo: upTo ? positionOfId(upTo) : null,
    handled: Number(handled),
    unsettled: inGroupsOf(3, entries).map(([id = '', json = '', held = '']) => ({
      attempts: 0,
      dueAt: 0,
      ...(held ? (JSON.parse(held) as { attempts: number; dueAt: number }) : {}),
      position: positionOfId(id),
      subject: subjectKey(parseEvent(json)),
    })),
  }
}

function writeSettlement(lease: Lease, settlement: Omit<Settlement, 'lease'>): string {
  const { done, held, unheld, handled, dead, redelivered } = settlement
  return JSON.stringify({
    done: done.map(idOfPosition),
    held: held.map(({ position, attempts, dueAt }) => [
      idOfPosition(position),
      JSON.stringify({ attempts, dueAt }),
    ]),
    unheld: unheld.map(idOfPosition),
    handled: String(handled),
    dead: dead.map((burial) => [burial.event.id, writeDeadLetter(lease.partition, burial)]),
    redelivered,
  })
}

export function parseEvent(json: string): PlatformEvent {
  return JSON.parse(json)
}

function inGroupsOf(size: number, values: readonly string[]): string[][] {
  return Array.from({ length: values.length / size }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  )
}
