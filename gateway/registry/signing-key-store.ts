import type { JWK } from 'jose'
import { z } from 'zod'
import type { PublicKeyStore } from '../../foundation/signing-keys.ts'
import type { PlatformDatabase } from './platform-database.ts'

const jwkSchema = z.custom<JWK>((value) => typeof value === 'object' && value !== null && 'kty' in value)

/** The public keys of all gateway replicas, in the database they share. */
export function createSigningKeyStore(db: PlatformDatabase): PublicKeyStore {
  return {
    async save({ kid, jwk, expiresAt }) {
      const stored = JSON.parse(JSON.stringify(jwk))
      await db.signingKey.upsert({
        where: { kid },
        create: { kid, jwk: stored, expiresAt },
        update: { expiresAt },
      })
      await db.signingKey.deleteMany({ where: { expiresAt: { lt: new Date() } } })
    },
    async list() {
      const rows = await db.signingKey.findMany({ where: { expiresAt: { gt: new Date() } } })
      return rows.map(({ kid, jwk, expiresAt }) => ({ kid, jwk: jwkSchema.parse(jwk), expiresAt }))
    },
  }
}
