import { LRUCache } from 'lru-cache'

export type VerifyToken<Verified> = (token: string) => Promise<Verified>

export type RememberOptions<Verified> = {
  /** Milliseconds since the epoch; null: the token does not end by itself. */
  endsAt(verified: Verified): number | null
  /** What verification rests on, the keys as text; tokens verified on another basis are verified anew. @default nothing */
  basis?(): string
  /** @default every one */
  keeps?(verified: Verified): boolean
}

const kept = { tokens: 10_000, characters: 8_000_000 }

/** A token verified before is believed again for this long: whoever takes a key back at its issuer waits no longer. */
const believedForMs = 30_000

/**
 * Verifies a token once, and not on every request: a signature costs more than everything else of a small operation.
 * A refusal is not kept, nor anything longer than the token lives. Whether what it names is gone meanwhile is for the
 * caller to ask.
 */
export function rememberVerified<Verified extends object>(
  verify: VerifyToken<Verified>,
  { endsAt, basis = () => '', keeps = () => true }: RememberOptions<Verified>,
): VerifyToken<Verified> {
  const verified = new LRUCache<string, Verified>({
    max: kept.tokens,
    maxSize: kept.characters,
    sizeCalculation: (_verified, token) => token.length,
  })
  let current = basis()
  return async (token) => {
    const now = basis()
    if (now !== current) verified.clear()
    current = now
    const known = verified.get(token)
    if (known) return known
    const fresh = await verify(token)
    const livesMs = (endsAt(fresh) ?? Number.POSITIVE_INFINITY) - Date.now()
    // The keys may have changed while it was verified with the old ones.
    if (livesMs >= 1 && basis() === now && keeps(fresh))
      verified.set(token, fresh, { ttl: Math.min(livesMs, believedForMs) })
    return fresh
  }
}
