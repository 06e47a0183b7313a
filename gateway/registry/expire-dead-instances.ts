import type { Log } from '../../foundation/log.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

const answersWithinMs = 1_000

/**
 * At start: asks every instance with a lease whether it is there. After a platform was killed as a whole, the leases of
 * its dead modules would otherwise draw calls until they run out. One that is there all the same comes back with its
 * next renewal.
 */
export async function expireDeadInstances(db: PlatformDatabase, log: Log): Promise<void> {
  const now = new Date()
  const instances = await db.moduleInstance.findMany({ where: { leaseExpiresAt: { gt: now } } })
  const answers = await Promise.all(
    instances.map(async (instance) => ({ instance, isLive: await isLive(instance.url) })),
  )
  const dead = answers.filter(({ isLive }) => !isLive).map(({ instance }) => instance)
  if (dead.length === 0) return
  log.info(
    { instances: dead.map(({ url, moduleName }) => ({ module: moduleName, url })) },
    'instances are gone',
  )
  await changeRegistry(db, 'platform', async (tx, record) => {
    for (const { id, moduleName, url, version } of dead) {
      await tx.moduleInstance.updateMany({ where: { id }, data: { leaseExpiresAt: now } })
      await record({
        action: 'registry.module.instance_left',
        subject: `module:${moduleName}`,
        client: null,
        before: { id, url, version },
        after: null,
      })
    }
  })
}

async function isLive(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url.replace(/\/$/, '')}/health/live`, {
      signal: AbortSignal.timeout(answersWithinMs),
    })
    return ok
  } catch {
    return false
  }
}
