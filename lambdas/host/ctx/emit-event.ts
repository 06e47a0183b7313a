import { createHash } from 'node:crypto'
import type { Bus } from '../../../events/bus/bus.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { insertEvents } from '../../../events/log/insert-events.ts'
import { startRelay } from '../../../events/log/relay.ts'
import { defaultRetention } from '../../../events/log/trim-log.ts'
import type { Close } from '../../../foundation/closing.ts'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Log } from '../../../foundation/log.ts'
import { isStorableText } from '../../../foundation/storable-text.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

export type NewPluginEvent = {
  client: string
  type: string
  subject: string
  data: unknown
  traceparent: string
  /** What is emitted again with the same id is the same event; null: a new one. */
  id: string | null
}

/** Events of the clients' own. Each is durable when `emit` resolves, and is published on the bus. */
export type EventEmitter = {
  /** @throws {TrellisError} BAD_USER_INPUT, EVENT_TOO_LARGE */
  emit(event: NewPluginEvent): Promise<void>
  close: Close
}

export type EventEmitterOptions = { db: PrismaClient; databaseUrl: string; bus: Bus; log: Log }

const source = 'plugin'
const typeFormat = /^plugin(\.[a-z][a-z0-9_]*)+$/
const maxTypeChars = 200
const maxSubjectChars = 500
const maxDataChars = 64 * 1024

export function openEventEmitter({ db, databaseUrl, bus, log }: EventEmitterOptions): EventEmitter {
  const relay = startRelay({ databaseUrl, source, bus, log, retention: defaultRetention })
  return {
    async emit(event) {
      const written = platformEvent(event)
      await db.$transaction((tx) => insertEvents(tx, [written]))
      relay.wake()
    },
    close: relay.close,
  }
}

/** One of a call that may be repeated: the n-th of this type and subject. Whatever it says the second time, it is the first one. */
export function repeatableId(
  call: string,
  { type, subject }: { type: string; subject: string },
  n: number,
): string {
  return createHash('sha256')
    .update(JSON.stringify([call, type, subject, n]))
    .digest('hex')
    .slice(0, 32)
}

function platformEvent({ client, type, subject, data, traceparent, id }: NewPluginEvent): PlatformEvent {
  if (type.length > maxTypeChars || !typeFormat.test(type))
    throw new TrellisError(
      'BAD_USER_INPUT',
      'The type of an event is like plugin.order_shipped: in small letters.',
    )
  if (subject === '' || subject.length > maxSubjectChars || !isStorableText(subject))
    throw new TrellisError(
      'BAD_USER_INPUT',
      `The subject of an event is text of 1 to ${maxSubjectChars} characters.`,
    )
  if (!isObject(data)) throw new TrellisError('BAD_USER_INPUT', 'The data of an event is an object.')
  return {
    id: id ?? crypto.randomUUID(),
    source,
    type,
    subject,
    client,
    actor: `plugin:${client}`,
    time: new Date().toISOString(),
    traceparent,
    dataVersion: 1,
    data: storableData(data),
  }
}

function storableData(data: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(data, (name, value) => {
    if (isStorableText(name) && (typeof value !== 'string' || isStorableText(value))) return value
    throw new TrellisError(
      'BAD_USER_INPUT',
      'The data of an event holds text that is not well-formed, or NUL.',
    )
  })
  if (text.length <= maxDataChars) return data
  throw new TrellisError(
    'EVENT_TOO_LARGE',
    `The data of an event has at most ${maxDataChars} characters of JSON.`,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
