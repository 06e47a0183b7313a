import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

/** The NOTIFY channel on which every change of the registry is announced; the payload is empty. */
export const registryChannel = 'registry'

/** Any number; it names the lock within the platform database. */
const changeLock = 7_301

/** What changes there are; each is a type of event. */
export const registryActions = [
  'registry.client.created',
  'registry.client.module_enabled',
  'registry.client.module_disabled',
  'registry.client.limits_changed',
  'registry.client.plugin_granted',
  'registry.flag.changed',
  'registry.key.created',
  'registry.key.revoked',
  'registry.module.schema_changed',
  'registry.module.token_keys_changed',
  'registry.module.instance_joined',
  'registry.module.instance_left',
  'registry.plugin.released',
  'registry.plugin.activated',
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
 * replica to read what has changed, and who changed it is on record with it.
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
      let isChanged = false
      const result = await work(tx, async ({ before, after, ...change }) => {
        isChanged = true
        await tx.registryChange.create({
          data: { ...change, actor, before: toJson(before), after: toJson(after) },
        })
      })
      if (isChanged) await tx.$executeRaw`SELECT pg_notify(${registryChannel}, '')`
      return result
    },
    { maxWait: 10_000, timeout: 30_000 },
  )
}

/** As it will be read: dates as text, nothing undefined. */
function toJson(thing: ChangedThing | null) {
  return thing === null ? undefined : JSON.parse(JSON.stringify(thing))
}
