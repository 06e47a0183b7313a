import type { JWK } from 'jose'
import type { PublicKeyStore } from '../../foundation/signing-keys.ts'
import type { PrismaClient } from '../../prisma/generated/users/client.ts'

/** The public keys of all instances, in the users database: each registers them all with the gateway. */
export function createSigningKeyStore(db: PrismaClient): PublicKeyStore {
  return {
    async save({ kid, jwk, expiresAt }) {
      await db.signingKey.deleteMany({ where: { expiresAt: { lt: new Date() } } })
      const stored = { jwk: { ...jwk }, expiresAt }
      await db.signingKey.upsert({ where: { kid }, create: { kid, ...stored }, update: stored })
    },
    async list() {
      const rows = await db.signingKey.findMany({ where: { expiresAt: { gt: new Date() } } })
      return rows.map(({ kid, jwk, expiresAt }) => ({ kid, jwk: jwk as JWK, expiresAt }))
    },
  }
}
