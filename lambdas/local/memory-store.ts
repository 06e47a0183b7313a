import { isDeepStrictEqual } from 'node:util'
import { TrellisError } from '../../foundation/errors.ts'
import { kvLimits } from '../host/ctx/kv-store.ts'

/** `ctx.kv` without a database. */
export type MemoryStore = {
  get(key: string): unknown
  set(key: string, value: unknown, options?: SetOptions): boolean
  delete(key: string): boolean
  /** The keys with this prefix and their values, in order. */
  entries(prefix?: string): [key: string, value: unknown][]
}

export type SetOptions = {
  /** Forgotten after so long. @default never */
  ttlSeconds?: number | undefined
  /** Set only where the value is this one now; null: where there is none. */
  ifEquals?: unknown
}

/** @param now milliseconds since 1970 */
export function createMemoryStore(now: () => number): MemoryStore {
  const kept = new Map<string, { value: unknown; until: number }>()
  const living = (key: string) => {
    const found = kept.get(key)
    if (found && found.until <= now()) kept.delete(key)
    return kept.get(key)
  }
  return {
    get: (key) => living(key)?.value ?? null,
    set(key, value, { ttlSeconds, ifEquals } = {}) {
      requireRoom(key, value)
      if (ifEquals !== undefined && !isDeepStrictEqual(living(key)?.value ?? null, ifEquals)) return false
      const until = ttlSeconds === undefined ? Number.POSITIVE_INFINITY : now() + ttlSeconds * 1000
      kept.set(key, { value, until })
      return true
    },
    delete(key) {
      const found = living(key) !== undefined
      kept.delete(key)
      return found
    },
    entries: (prefix = '') =>
      [...kept.keys()]
        .filter((key) => key.startsWith(prefix) && living(key))
        .sort()
        .map((key) => [key, living(key)?.value ?? null]),
  }
}

/** The limits of the platform that one call can meet. */
function requireRoom(key: string, value: unknown): void {
  if (key === '' || key.length > kvLimits.keyChars)
    throw new TrellisError('BAD_USER_INPUT', `A key has 1 to ${kvLimits.keyChars} characters.`)
  if (JSON.stringify(value).length > kvLimits.valueChars)
    throw new TrellisError(
      'KV_VALUE_TOO_LARGE',
      `A value has at most ${kvLimits.valueChars} characters of JSON.`,
    )
}
