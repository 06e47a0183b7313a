import { TrellisError } from '../../foundation/errors.ts'
import { addApiKey } from './api-keys.ts'
import { changeRegistry, type RecordChange } from './change-registry.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

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
export function createClient(db: PlatformDatabase, client: NewClient, createdBy = 'platform'): Promise<void> {
  return changeRegistry(db, createdBy, (tx, record) => addClient(tx, record, client))
}

/**
 * A client and its first keys: both, or neither.
 *
 * @throws {TrellisError} as `createClient`
 */
export function createClientWithKeys(
  db: PlatformDatabase,
  client: NewClient,
  createdBy: string,
): Promise<{ secretKey: string; deployKey: string }> {
  return changeRegistry(db, createdBy, async (tx, record) => {
    await addClient(tx, record, client)
    const first = { client: client.slug, name: 'First', createdBy }
    const { secret: secretKey } = await addApiKey(tx, record, { ...first, kind: 'SECRET' })
    const { secret: deployKey } = await addApiKey(tx, record, { ...first, kind: 'DEPLOY' })
    return { secretKey, deployKey }
  })
}

async function addClient(
  tx: PlatformTransaction,
  record: RecordChange,
  { slug, name, modules }: NewClient,
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
}
