import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import { insertEvents } from '../../events/log/insert-events.ts'
import { appendedChannel } from '../../events/log-channels.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

/** The NOTIFY channel on which every change of the registry is announced; the payload is empty. */
export const registryChannel = 'registry'

/** Any number; it names the lock within the platform database. */
const changeLock = 7_301

/** Of its events. */
export const registrySource = 'registry'
/** As the client of an event that is about none, or all. */
export const everyClient = '*'

/** What changes there are; each is a type of event. */
export const registryActions = [
  'registry.client.created',
  'registry.client.module_enabled',
  'registry.client.module_disabled',
  'registry.client.limits_changed',
  'registry.client.plugin_granted',
  'registry.flag.changed',
  'registry.key.created',
  'registry.key.tags_changed',
  'registry.key.revoked',
  'registry.module.schema_admitted',
  'registry.module.schema_changed',
  'registry.module.token_keys_changed',
  'registry.module.instance_joined',
  'registry.module.instance_left',
  'registry.plugin.released',
  'registry.plugin.activated',
  'registry.secret.set',
  'registry.secret.deleted',
] as const
export type RegistryAction = (typeof registryActions)[number]

/** JSON; never a secret, nor the hash of one. */
export type ChangedThing = Readonly<Record<string, unknown>>

export type RegistryChange = {
  action: RegistryAction
  /** What it was done to. Every replica reads it anew: `client:acme`, `key:<id>`, `module:users`, `flag:<name>`. */
  subject: `${'client' | 'key' | 'module' | 'flag'}:${string}`
  /** Null where it is about no single client; else read anew, too. */
  client: string | null
  /** Null where there was nothing. */
  before: ChangedThing | null
  /** Null where there is nothing any more. */
  after: ChangedThing | null
  /** An operator insisted, although something does not compose any more. @default false */
  forced?: boolean
}

/** Notes what `work` has changed. What is not noted reaches no replica before it reads the whole registry. */
export type RecordChange = (change: RegistryChange) => Promise<void>

/**
 * Every change of the registry goes through here. Changes are made one after the other, in all replicas together,
 * so that what was found to compose inside `work` still does when it is committed; the commit itself tells every
 * replica to read what has changed, and who changed it is on record with it, and an event.
 *
 * @param actor `key:<id>`, `user:<id>`, `module:<name>`, or `platform`
 */
export function changeRegistry<T>(
  db: PlatformDatabase,
  actor: string,
  work: (tx: PlatformTransaction, record: RecordChange) => Promise<T>,
): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${changeLock})`
      const events: PlatformEvent[] = []
      const result = await work(tx, async ({ before, after, ...change }) => {
        const { time } = await tx.registryChange.create({
          data: { ...change, actor, before: toJson(before), after: toJson(after) },
        })
        events.push(eventOf({ ...change, before, after }, actor, time))
      })
      if (events.length === 0) return result
      await insertEvents(tx, events)
      await tx.$executeRaw`SELECT pg_notify(${registryChannel}, ''), pg_notify(${appendedChannel}, '')`
      return result
    },
    { timeout: 30_000 },
  )
}

function eventOf(change: RegistryChange, actor: string, time: Date): PlatformEvent {
  const { action: type, subject, client, before, after, forced = false } = change
  return {
    id: crypto.randomUUID(),
    source: registrySource,
    type,
    subject,
    client: client ?? everyClient,
    // What the platform does of itself, nobody does.
    actor: actor === 'platform' ? null : actor,
    time: time.toISOString(),
    traceparent: null,
    dataVersion: 1,
    data: { before: toJson(before) ?? null, after: toJson(after) ?? null, forced },
  }
}

/** As it will be read: dates as text, nothing undefined. */
function toJson(thing: ChangedThing | null) {
  return thing === null ? undefined : JSON.parse(JSON.stringify(thing))
}
