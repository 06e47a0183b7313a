import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** A module's schema is that of a thousand clients, and compared at every change: it is hashed once. */
const known = new LRUCache<string, string>({
  max: 500,
  maxSize: 16_000_000,
  sizeCalculation: ({ length }) => length,
})

/** SHA-256 in hexadecimal. */
export function textHash(text: string): string {
  const hash = known.get(text) ?? createHash('sha256').update(text).digest('hex')
  known.set(text, hash)
  return hash
}
