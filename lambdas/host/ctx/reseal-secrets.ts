import type { Log } from '../../../foundation/log.ts'
import type { SecretStore } from './secret-store.ts'

/** After a change of keys. What opens with none of them is said here, and to each lambda that asks for it. */
export async function resealSecrets(secrets: Pick<SecretStore, 'reseal'>, log: Log): Promise<void> {
  const { resealed, unreadable } = await secrets.reseal()
  if (resealed > 0) log.info({ resealed }, 'secrets of plugins are sealed with the new key')
  if (unreadable > 0)
    log.error({ code: 'SECRET_UNREADABLE', unreadable }, 'secrets of plugins open with no key of this host')
}
