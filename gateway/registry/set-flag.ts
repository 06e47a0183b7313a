import { TrellisError } from '../../foundation/errors.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'
import type { RegisteredFlag } from './registry-state.ts'

export type FlagSetting = RegisteredFlag & {
  /** Null: for all clients that have none of their own. */
  client: string | null
}

const namePattern = /^[a-z][a-z0-9_.-]{0,99}$/i

/**
 * Sets a flag, for all clients or for one.
 *
 * @param actor as in events: `key:<id>`
 * @throws {TrellisError} BAD_USER_INPUT for a malformed name or percent; NOT_FOUND when there is no such client
 */
export async function setFlag(db: PlatformDatabase, flag: FlagSetting, actor: string): Promise<void> {
  const { name, client, enabled, percent } = flag
  if (!namePattern.test(name)) {
    throw new TrellisError(
      'BAD_USER_INPUT',
      'A flag is named by 1 to 100 of a-z, 0-9, _, . and -, a letter first.',
    )
  }
  if (percent !== null && (percent < 0 || percent > 100)) {
    throw new TrellisError('BAD_USER_INPUT', '`percent` is 0 to 100.')
  }
  await changeRegistry(db, actor, async (tx, record) => {
    if (client !== null && !(await tx.client.findUnique({ where: { slug: client } }))) {
      throw new TrellisError('NOT_FOUND', 'There is no such client.')
    }
    const before = await tx.flag.findFirst({ where: { name, clientSlug: client } })
    if (before?.enabled === enabled && before.percent === percent) return
    if (before) await tx.flag.update({ where: { id: before.id }, data: { enabled, percent } })
    else await tx.flag.create({ data: { name, clientSlug: client, enabled, percent } })
    await record({
      action: 'registry.flag.changed',
      subject: `flag:${name}`,
      client,
      before: before && { enabled: before.enabled, percent: before.percent },
      after: { enabled, percent },
    })
  })
}
