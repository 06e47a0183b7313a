import type { DeadLetter } from '../../../events/bus/bus-operations.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import type { Place } from '../../../foundation/find-in-files.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import { type HandlerDeadLetter, type HandlerGroup, handlerGroupOf } from '../../../schema/plugin-desk.ts'
import { announceHandlers } from './handled-types.ts'

/**
 * What clients' handlers have yet to do, in the host's database. One copy of the host works for a client at a time, so that
 * subjects stay in order; clients do not wait for each other, however long one of them takes.
 */
export type HandlerQueue = {
  /** Clients with something to do for whom nobody works: the owner does now, for `leaseMs`. */
  take(owner: string, most: number): Promise<string[]>
  /** @returns the clients that are still this owner's, for `leaseMs` again */
  renew(owner: string): Promise<ReadonlySet<string>>
  release(owner: string, client: string): Promise<void>
  /** What is due: the first of each subject, but of those that are in hand. */
  next(client: string, inHand: readonly string[], limit: number): Promise<QueuedEvent[]>
  done(queued: QueuedEvent): Promise<void>
  /** To be tried again. `attempts`: those that count. */
  postpone(queued: QueuedEvent, again: { delayMs: number; attempts: number; failure: Failure }): Promise<void>
  /** Makes it a dead letter; its subject goes on. */
  bury(queued: QueuedEvent, failure: Failure): Promise<void>
  /** In the order in which they came. Pages by `after`, the `key` of the last one seen. */
  deadLetters(client: string, page: { after: string | null; limit: number }): Promise<PlacedDeadLetter[]>
  /** @param ids of events; null: all. @returns how many will be handled again */
  redeliver(client: string, ids: readonly string[] | null): Promise<number>
  /** @param client null: all that ever had something to do */
  groups(client: string | null): Promise<HandlerGroup[]>
  /** Durable when it resolves: events of these types are noted, whatever is served now. */
  announce(client: string, types: readonly string[]): Promise<void>
  removeOld(): Promise<void>
}

export type QueuedEvent = {
  seq: bigint
  subject: string
  attempts: number
  event: PlatformEvent
  /** For how long it has been here. */
  ageMs: number
}

/** Why it could not be handled, and where in the plugin's files that was. */
export type Failure = { error: string; place: Place | null }

export type PlacedDeadLetter = DeadLetter & Pick<HandlerDeadLetter, 'file' | 'line'>

type DeadRow = Pick<QueuedEvent, 'seq' | 'attempts' | 'event'> & {
  error: string
  file: string | null
  line: number | null
  failed_at: Date
  waiting: boolean
}

/** A copy that has not been heard of for so long is gone. */
export const leaseMs = 5_000
const errorChars = 2_000
const mostCounted = 10_000
const deadLettersKeptDays = 30

export function createHandlerQueue(db: PrismaClient): HandlerQueue {
  return {
    async take(owner, most) {
      const rows = await db.$queryRaw<{ client: string }[]>`
        UPDATE handler_queue SET owner = ${owner}::uuid, leased_until = now() + ${leaseMs} * interval '1 ms'
        WHERE client IN (
          SELECT client FROM handler_queue q WHERE (leased_until IS NULL OR leased_until < now())
            AND (EXISTS (SELECT FROM handler_event e WHERE e.client = q.client AND waiting AND due_at <= now())
              OR EXISTS (SELECT FROM handler_backlog b WHERE b.client = q.client AND is_open)
                AND NOT EXISTS (SELECT FROM handler_event e WHERE e.client = q.client AND waiting))
          LIMIT ${most} FOR UPDATE SKIP LOCKED)
        RETURNING client`
      return rows.map(({ client }) => client)
    },
    async renew(owner) {
      const rows = await db.$queryRaw<{ client: string }[]>`
        UPDATE handler_queue SET leased_until = now() + ${leaseMs} * interval '1 ms'
        WHERE owner = ${owner}::uuid AND leased_until > now() RETURNING client`
      return new Set(rows.map(({ client }) => client))
    },
    async release(owner, client) {
      await db.$executeRaw`
        UPDATE handler_queue SET owner = NULL, leased_until = NULL WHERE client = ${client} AND owner = ${owner}::uuid`
    },
    next: (client, inHand, limit) => db.$queryRaw<QueuedEvent[]>`
      SELECT seq, subject, attempts, event, (extract(epoch FROM now() - noted_at) * 1000)::float AS "ageMs"
      FROM handler_event e
      WHERE client = ${client} AND waiting AND due_at <= now() AND subject <> ALL (${inHand})
        AND NOT EXISTS (
          SELECT FROM handler_event first
          WHERE first.client = e.client AND first.subject = e.subject AND first.seq < e.seq AND first.waiting)
      ORDER BY seq LIMIT ${limit}`,
    async done({ seq }) {
      await db.$executeRaw`DELETE FROM handler_event WHERE seq = ${seq}`
    },
    // Another owner may have tried it meanwhile: what it noted stays.
    async postpone({ seq, attempts: before }, { delayMs, attempts, failure: { error, place } }) {
      await db.$executeRaw`
        UPDATE handler_event SET attempts = ${attempts}, error = ${storable(error)},
          error_file = ${place?.file ?? null}, error_line = ${place?.line ?? null},
          due_at = now() + ${delayMs} * interval '1 ms'
        WHERE seq = ${seq} AND waiting AND attempts = ${before}`
    },
    async bury({ seq, attempts }, { error, place }) {
      await db.$executeRaw`
        UPDATE handler_event SET attempts = ${attempts} + 1, error = ${storable(error)},
          error_file = ${place?.file ?? null}, error_line = ${place?.line ?? null},
          waiting = FALSE, failed_at = now()
        WHERE seq = ${seq} AND waiting AND attempts = ${attempts}`
    },
    async deadLetters(client, { after, limit }) {
      const rows = await db.$queryRaw<DeadRow[]>`
        SELECT seq, attempts, event, error, error_file AS file, error_line AS line, failed_at, waiting
        FROM handler_event
        WHERE client = ${client} AND failed_at IS NOT NULL AND seq > ${after ?? '0'}::bigint
        ORDER BY seq LIMIT ${limit}`
      return rows.map(({ seq, failed_at, waiting, ...letter }) => ({
        ...letter,
        key: String(seq),
        group: handlerGroupOf(client),
        failedAt: failed_at.toISOString(),
        redelivering: waiting,
      }))
    },
    redeliver: (client, ids) => db.$executeRaw`
      UPDATE handler_event SET waiting = TRUE, attempts = 0, due_at = now()
      WHERE client = ${client} AND failed_at IS NOT NULL AND NOT waiting
        AND (${ids === null} OR event_id = ANY (${ids ?? []}))`,
    groups: (client) => db.$queryRaw<HandlerGroup[]>`
      SELECT client, CASE WHEN leased_until > now() THEN 1 ELSE 0 END AS members,
        (SELECT count(*) FROM
          (SELECT FROM handler_event e WHERE e.client = q.client AND waiting LIMIT ${mostCounted}) AS counted)::int AS waiting,
        (SELECT min(read_to COLLATE "C") FROM handler_backlog b WHERE b.client = q.client AND is_open) AS "leftAfter",
        (SELECT count(*) FROM handler_event e WHERE e.client = q.client AND failed_at IS NOT NULL)::int AS "deadLetters"
      FROM handler_queue q WHERE ${client === null} OR client = ${client ?? ''} ORDER BY client`,
    announce: (client, types) => announceHandlers(db, client, types),
    async removeOld() {
      await db.$executeRaw`
        DELETE FROM handler_event
        WHERE NOT waiting AND failed_at < now() - make_interval(days => ${deadLettersKeptDays}::int)`
    },
  }
}

/** PostgreSQL keeps neither NUL nor half of a surrogate pair. */
function storable(text: string): string {
  return text.slice(0, errorChars).replaceAll('\0', '').toWellFormed()
}
