import { createLocalJWKSet, type JWTVerifyGetKey, errors as joseErrors } from 'jose'
import type { SigningKeys } from '../../foundation/signing-keys.ts'

const reloadAtMostEveryMs = 1_000

/** The public keys of all gateway replicas; they are read anew when a token names one that is not known yet. */
export function createGatewayTokenKeys(keys: Pick<SigningKeys, 'publicKeys'>): JWTVerifyGetKey {
  let known: { keys: JWTVerifyGetKey; readAt: number } | null = null
  const read = async () => {
    known = { keys: createLocalJWKSet({ keys: await keys.publicKeys() }), readAt: Date.now() }
    return known
  }
  return async (header, token) => {
    const current = known ?? (await read())
    try {
      return await current.keys(header, token)
    } catch (error) {
      const isUnknown = error instanceof joseErrors.JWKSNoMatchingKey
      if (!isUnknown || Date.now() - current.readAt < reloadAtMostEveryMs) throw error
      return (await read()).keys(header, token)
    }
  }
}
