import type { Log } from '../../foundation/log.ts'
import type { PublicKey, PublicKeyStore } from '../../foundation/signing-keys.ts'
import { registryChannel } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

/** The public keys of all gateway replicas: in the database they share, and as the registry of this one knows them. */
export type SigningKeyStore = PublicKeyStore & {
  /** Saves what could not be saved while the database was away. */
  makeGood(): Promise<void>
}

/** @param known those that this replica's registry has read */
export function createSigningKeyStore(
  db: PlatformDatabase,
  known: () => readonly PublicKey[],
  log: Log,
): SigningKeyStore {
  let unsaved: PublicKey | null = null
  const makeGood = async () => {
    if (!unsaved) return
    const { kid, jwk, expiresAt } = unsaved
    const stored = JSON.parse(JSON.stringify(jwk))
    await db.$transaction(async (tx) => {
      await tx.signingKey.upsert({
        where: { kid },
        create: { kid, jwk: stored, expiresAt },
        update: { expiresAt },
      })
      await tx.signingKey.deleteMany({ where: { expiresAt: { lt: new Date() } } })
      // The others are to know it before a token that it signed comes their way, and while they can.
      await tx.$executeRaw`SELECT pg_notify(${registryChannel}, '')`
    })
    unsaved = null
  }
  return {
    makeGood,
    async save(key) {
      unsaved = key
      await makeGood().catch((error) => log.warn({ err: error }, 'the public key could not be saved yet'))
    },
    list: async () => known().filter(({ expiresAt }) => expiresAt.getTime() > Date.now()),
  }
}
