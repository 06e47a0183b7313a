import { createHmac, randomBytes } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'
import { type ApiKeyKind, hashApiKey } from '../access/api-key.ts'

/** Prefixes that secret scanners can find, one for each kind. */
const prefixes = {
  PUBLISHABLE: 'trellis_pk_',
  SECRET: 'trellis_sk_',
  PARTNER: 'trellis_partner_',
  DEPLOY: 'trellis_deploy_',
  OPERATOR: 'trellis_op_',
} as const satisfies Record<ApiKeyKind, string>

export type Repeatable = {
  /** The caller's `idempotencyKey`. */
  key: string
  /** What its secret is made from, which is stored nowhere. Known to the gateways alone. */
  seed: Uint8Array
}

export type DescribedKey = { kind: ApiKeyKind; name: string; tags: string[]; expiresAt: Date | null }

/** Random; or, where it may be asked for again, made of what nobody without the seed can make it of. */
export function makeSecret(
  { id, kind }: { id: string; kind: ApiKeyKind },
  repeatable: Repeatable | null,
): string {
  const bits = repeatable
    ? createHmac('sha256', repeatable.seed)
        .update(JSON.stringify([id, repeatable.key]))
        .digest()
    : randomBytes(32)
  return prefixes[kind] + bits.toString('base64url')
}

/** @throws {TrellisError} IDEMPOTENCY_CONFLICT for another input; CONFLICT where the seed is another one by now */
export function secretAgain(
  before: DescribedKey & { id: string; hash: string },
  wanted: DescribedKey,
  repeatable: Repeatable | null,
): string {
  if (textOf(before) !== textOf(wanted)) {
    throw new TrellisError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key was used before, with another input.',
    )
  }
  const secret = makeSecret(before, repeatable)
  if (hashApiKey(secret) === before.hash) return secret
  throw new TrellisError('CONFLICT', 'This key was made, and its secret cannot be shown again.')
}

function textOf({ kind, name, tags, expiresAt }: DescribedKey): string {
  return JSON.stringify([kind, name, tags, expiresAt])
}

const tagPattern = /^[A-Za-z_][\w/-]{0,127}$/
const mostTags = 50

/** @throws {TrellisError} BAD_USER_INPUT */
export function requireSound({ name, kind, tags }: DescribedKey, repeatable: Repeatable | null): void {
  refuse(name.trim() === '' || name.length > 200, 'A name is 1 to 200 characters.')
  requireTags(kind, tags)
  const { key } = repeatable ?? { key: 'none' }
  refuse(key === '' || key.length > 200, '`idempotencyKey` is 1 to 200 characters.')
}

/** @throws {TrellisError} BAD_USER_INPUT */
export function requireTags(kind: ApiKeyKind, tags: readonly string[]): void {
  refuse(kind !== 'PARTNER' && tags.length > 0, 'Only PARTNER keys have tags.')
  const areTags = tags.length <= mostTags && tags.every((tag) => tagPattern.test(tag))
  refuse(!areTags, `\`tags\` are up to ${mostTags} names of letters, digits, _, - and /.`)
}

function refuse(isFault: boolean, message: string): void {
  if (isFault) throw new TrellisError('BAD_USER_INPUT', message)
}
