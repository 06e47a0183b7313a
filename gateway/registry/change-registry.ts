import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

/** The NOTIFY channel on which every change of the registry is announced; the payload is empty. */
export const registryChannel = 'registry'

/** Any number; it names the lock within the platform database. */
const changeLock = 7_301

/**
 * Every change of the registry goes through here. Changes are made one after the other, in all replicas together,
 * so that what was found to compose inside `work` still does when it is committed; and the commit itself tells
 * every replica to load the registry anew.
 */
export function changeRegistry<T>(
  db: PlatformDatabase,
  work: (tx: PlatformTransaction) => Promise<T>,
): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${changeLock})`
      const result = await work(tx)
      await tx.$executeRaw`SELECT pg_notify(${registryChannel}, '')`
      return result
    },
    { maxWait: 10_000, timeout: 30_000 },
  )
}
