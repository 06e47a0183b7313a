import type { JWK } from 'jose'
import { z } from 'zod'
import type { Log } from '../../foundation/log.ts'
import type { PublicKey, PublicKeyStore } from '../../foundation/signing-keys.ts'
import type { PlatformDatabase } from './platform-database.ts'

const jwkSchema = z.custom<JWK>((value) => typeof value === 'object' && value !== null && 'kty' in value)

/** The public keys of all gateway replicas, in the database they share. */
export type SigningKeyStore = PublicKeyStore & {
  /** Saves what could not be saved while the database was away. */
  makeGood(): Promise<void>
}

export function createSigningKeyStore(db: PlatformDatabase, log: Log): SigningKeyStore {
  let known: PublicKey[] = []
  let unsaved: PublicKey | null = null
  const makeGood = async () => {
    if (!unsaved) return
    const { kid, jwk, expiresAt } = unsaved
    const stored = JSON.parse(JSON.stringify(jwk))
    await db.signingKey.upsert({
      where: { kid },
      create: { kid, jwk: stored, expiresAt },
      update: { expiresAt },
    })
    unsaved = null
    await db.signingKey.deleteMany({ where: { expiresAt: { lt: new Date() } } })
  }
  return {
    makeGood,
    async save(key) {
      unsaved = key
      await makeGood().catch((error) => log.warn({ err: error }, 'the public key could not be saved yet'))
    },
    async list() {
      const where = { expiresAt: { gt: new Date() } }
      const rows = await db.signingKey.findMany({ where }).catch(() => null)
      // While the database is away the other replicas go on signing.
      known = rows?.map((row) => ({ ...row, jwk: jwkSchema.parse(row.jwk) })) ?? known
      return known
    },
  }
}
