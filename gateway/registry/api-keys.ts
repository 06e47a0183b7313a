import { randomBytes, randomUUID } from 'node:crypto'
import { type ApiKeyKind, hashApiKey } from '../access/api-key.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

/** Prefixes that secret scanners can find, one for each kind. */
const prefixes = {
  PUBLISHABLE: 'trellis_pk_',
  SECRET: 'trellis_sk_',
  PARTNER: 'trellis_partner_',
  DEPLOY: 'trellis_deploy_',
  OPERATOR: 'trellis_op_',
} as const satisfies Record<ApiKeyKind, string>

export type NewApiKey = {
  /** For people to read. */
  name: string
  /** After this the key is refused. @default never */
  expiresAt?: Date
} & (
  | { kind: 'OPERATOR' }
  | {
      kind: Exclude<ApiKeyKind, 'OPERATOR'>
      /** The slug of the client it belongs to. */
      client: string
      /** What a PARTNER may see. @default [] */
      tags?: readonly string[]
    }
)

/**
 * Makes a key and answers its secret, 256 random bits behind a prefix: `trellis_sk_…`. This is the only time it is
 * there to be read; only its hash is stored. It is accepted by every replica within a second.
 */
export async function createApiKey(
  db: PlatformDatabase,
  key: NewApiKey,
  createdBy = 'platform',
): Promise<{ id: string; secret: string }> {
  const id = randomUUID()
  const secret = prefixes[key.kind] + randomBytes(32).toString('base64url')
  const owner =
    key.kind === 'OPERATOR' ? { tags: [] } : { clientSlug: key.client, tags: [...(key.tags ?? [])] }
  const { kind, name, expiresAt = null } = key
  await changeRegistry(db, createdBy, async (tx, record) => {
    const hash = hashApiKey(secret)
    await tx.apiKey.create({ data: { id, kind, name, hash, expiresAt, createdBy, ...owner } })
    await record({
      action: 'registry.key.created',
      subject: `key:${id}`,
      client: kind === 'OPERATOR' ? null : key.client,
      before: null,
      after: { kind, name, tags: owner.tags, expiresAt },
    })
  })
  return { id, secret }
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
