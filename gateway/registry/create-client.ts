import { TrellisError } from '../../foundation/errors.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

export type NewClient = {
  /** How the client is named everywhere: 2 to 40 characters of a-z, 0-9 and `-`, beginning with a letter. */
  slug: string
  /** For people to read. */
  name: string
  /** The modules switched on: `users`, `data`, … They need not have registered yet. */
  modules: readonly string[]
}

const slugPattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/

/**
 * @param createdBy as in events: `key:<id>`
 * @throws {TrellisError} BAD_USER_INPUT for a malformed slug or name, CONFLICT when the slug is taken
 */
export async function createClient(
  db: PlatformDatabase,
  { slug, name, modules }: NewClient,
  createdBy = 'platform',
): Promise<void> {
  if (!slugPattern.test(slug)) {
    throw new TrellisError(
      'BAD_USER_INPUT',
      'A slug is 2 to 40 characters of a-z, 0-9 and -, a letter first.',
    )
  }
  if (name.trim() === '' || name.length > 200) {
    throw new TrellisError('BAD_USER_INPUT', 'A name is 1 to 200 characters.')
  }
  await changeRegistry(db, createdBy, async (tx, record) => {
    if (await tx.client.findUnique({ where: { slug } })) {
      throw new TrellisError('CONFLICT', `There is a client ${slug} already.`)
    }
    const switchedOn = [...new Set(modules)].sort()
    const create = switchedOn.map((module) => ({ module }))
    await tx.client.create({ data: { slug, name, modules: { create } } })
    await record({
      action: 'registry.client.created',
      subject: `client:${slug}`,
      client: slug,
      before: null,
      after: { name, modules: switchedOn },
    })
  })
}
