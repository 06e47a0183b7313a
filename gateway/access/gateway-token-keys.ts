import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, type JWTVerifyGetKey, errors as joseErrors } from 'jose'
import type { SigningKeys } from '../../foundation/signing-keys.ts'

const readAtMostEveryMs = 500

/**
 * The public keys of all gateway replicas, read anew when a token names one that is not known. However many such
 * tokens come, forged ones, the database is asked twice a second at most; they wait for their turn together.
 */
export function createGatewayTokenKeys(keys: Pick<SigningKeys, 'publicKeys'>): JWTVerifyGetKey {
  let known: JWTVerifyGetKey = createLocalJWKSet({ keys: [] })
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null
  const read = async () => {
    await delay(Math.max(0, readAt + readAtMostEveryMs - Date.now()))
    readAt = Date.now()
    known = createLocalJWKSet({ keys: await keys.publicKeys() })
  }
  return async (header, token) => {
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error
      reading ??= read().finally(() => {
        reading = null
      })
      await reading
      return known(header, token)
    }
  }
}
