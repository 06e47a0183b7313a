import { createHash } from 'node:crypto'

export type ApiKeyKind = 'PUBLISHABLE' | 'SECRET' | 'PARTNER' | 'DEPLOY' | 'OPERATOR'

/** A key as the registry knows it: everything but the key. */
export type ApiKey = {
  id: string
  kind: ApiKeyKind
  /** Null for operators. */
  client: string | null
  /** What a PARTNER may see. */
  tags: readonly string[]
  expiresAt: Date | null
}

/** How a key is stored and looked up: a lookup by hash tells nothing, by its timing, of the keys that exist. */
export function hashApiKey(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
