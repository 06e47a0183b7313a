import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey, errors as joseErrors } from 'jose'

const askAtMostEveryMs = 500

export type GatewayTokenKeysOptions = {
  /** Those that are known here. */
  publicKeys(): Promise<JWK[]>
  /** Resolves when those of all replicas are. @throws when they cannot be asked for */
  refresh(): Promise<void>
}

/**
 * The public keys of all gateway replicas, asked for anew when a token names one that is not known. However many such
 * tokens come, forged ones, the database is asked twice a second at most; they wait for their turn together.
 */
export function createGatewayTokenKeys({ publicKeys, refresh }: GatewayTokenKeysOptions): JWTVerifyGetKey {
  let known: JWTVerifyGetKey = createLocalJWKSet({ keys: [] })
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null
  const look = async () => {
    known = createLocalJWKSet({ keys: await publicKeys() })
  }
  const ask = async () => {
    await delay(Math.max(0, askedAt + askAtMostEveryMs - Date.now()))
    askedAt = Date.now()
    await refresh().catch(() => undefined)
    await look()
  }
  return async (header, token) => {
    const remembered = await unlessMissing(known(header, token))
    if (remembered) return remembered
    await look()
    const learned = await unlessMissing(known(header, token))
    if (learned) return learned
    asking ??= ask().finally(() => {
      asking = null
    })
    await asking
    return known(header, token)
  }
}

async function unlessMissing<Key>(looking: Key | Promise<Key>): Promise<Key | null> {
  try {
    return await looking
  } catch (error) {
    if (error instanceof joseErrors.JWKSNoMatchingKey) return null
    throw error
  }
}
