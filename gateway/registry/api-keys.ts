import { randomUUID } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'
import { type ApiKeyKind, hashApiKey } from '../access/api-key.ts'
import { changeRegistry, type RecordChange } from './change-registry.ts'
import { makeSecret, type Repeatable, requireSound, requireTags, secretAgain } from './key-secret.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

export type NewApiKey = {
  /** For people to read: 1 to 200 characters. */
  name: string
  /** After this the key is refused. @default null: never */
  expiresAt?: Date | null
} & (
  | { kind: 'OPERATOR' }
  | {
      kind: Exclude<ApiKeyKind, 'OPERATOR'>
      /** The slug of the client it belongs to. */
      client: string
      /** What a PARTNER may see. @default [] */
      tags?: readonly string[]
      /** Whoever creates it may ask again with the same key, and gets the same one. @default null */
      repeatable?: Repeatable | null
    }
)

/**
 * Makes a key and answers its secret, 256 bits behind a prefix: `trellis_sk_…`. Only its hash is stored. It is accepted
 * by every replica within a second.
 *
 * @param createdBy as in events: `key:<id>`
 * @throws {TrellisError} BAD_USER_INPUT; IDEMPOTENCY_CONFLICT for a repetition with another input
 */
export function createApiKey(
  db: PlatformDatabase,
  key: NewApiKey,
  createdBy = 'platform',
): Promise<{ id: string; secret: string }> {
  return changeRegistry(db, createdBy, (tx, record) => addApiKey(tx, record, { ...key, createdBy }))
}

/** The same within a change. */
export async function addApiKey(
  tx: PlatformTransaction,
  record: RecordChange,
  { createdBy, ...key }: NewApiKey & { createdBy: string },
): Promise<{ id: string; secret: string }> {
  const { kind, name, expiresAt = null } = key
  const { tags, repeatable, client } = ownerOf(key)
  const described = { kind, name, tags, expiresAt }
  requireSound(described, repeatable)
  const idempotencyKey = repeatable?.key ?? null
  const before =
    idempotencyKey === null
      ? null
      : await tx.apiKey.findFirst({ where: { clientSlug: client, createdBy, idempotencyKey } })
  if (before) return { id: before.id, secret: secretAgain(before, described, repeatable) }
  const id = randomUUID()
  const secret = makeSecret({ id, kind }, repeatable)
  const data = { ...described, id, hash: hashApiKey(secret), clientSlug: client, createdBy, idempotencyKey }
  await tx.apiKey.create({ data })
  await record({
    action: 'registry.key.created',
    subject: `key:${id}`,
    client,
    before: null,
    after: described,
  })
  return { id, secret }
}

function ownerOf(key: NewApiKey) {
  if (key.kind === 'OPERATOR') return { client: null, tags: [], repeatable: null }
  return { client: key.client, tags: [...(key.tags ?? [])], repeatable: key.repeatable ?? null }
}

export type NewTags = { id: string; client: string; tags: readonly string[] }

/**
 * What a partner may see, in place of what it was; in every replica within a second. Open sockets that came in with the
 * key are closed: what is behind them was chosen by the tags before.
 *
 * @param changedBy as in events: `key:<id>`
 * @throws {TrellisError} NOT_FOUND; BAD_USER_INPUT for malformed tags, and a key that is no partner's
 */
export async function setApiKeyTags(
  db: PlatformDatabase,
  { id, client, tags }: NewTags,
  changedBy: string,
): Promise<void> {
  const after = [...new Set(tags)]
  await changeRegistry(db, changedBy, async (tx, record) => {
    const key = await tx.apiKey.findUnique({ where: { id, clientSlug: client, revokedAt: null } })
    if (!key) throw new TrellisError('NOT_FOUND', 'There is no such key.')
    requireTags(key.kind, after)
    if (JSON.stringify(key.tags) === JSON.stringify(after)) return
    await tx.apiKey.update({ where: { id }, data: { tags: after } })
    await record({
      action: 'registry.key.tags_changed',
      subject: `key:${id}`,
      client,
      before: { tags: key.tags },
      after: { tags: after },
    })
  })
}

/** Ends a key for good, in every replica within a second; open sockets that came in with it are closed. */
export async function revokeApiKey(db: PlatformDatabase, id: string, revokedBy = 'platform'): Promise<void> {
  await changeRegistry(db, revokedBy, async (tx, record) => {
    const key = await tx.apiKey.findUnique({ where: { id, revokedAt: null } })
    if (!key) return
    const revokedAt = new Date()
    await tx.apiKey.update({ where: { id }, data: { revokedAt } })
    const { kind, name, clientSlug: client } = key
    await record({
      action: 'registry.key.revoked',
      subject: `key:${id}`,
      client,
      before: { kind, name, revokedAt: null },
      after: { kind, name, revokedAt },
    })
  })
}
