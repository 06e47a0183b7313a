import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Close } from './closing.ts'

/** The public half of a signing key, in the database all instances of a service share. */
export type PublicKey = { kid: string; jwk: JWK; expiresAt: Date }

export type PublicKeyStore = {
  /** Inserts the key, or moves its expiry. */
  save(key: PublicKey): Promise<void>
  /** The keys that have not expired. */
  list(): Promise<PublicKey[]>
}

export type SigningKeys = {
  /** A signed JWT with `claims`; `iat` is set, all else is the caller's. */
  sign(claims: JWTPayload): Promise<string>
  /** The public keys of every living instance, this one's always among them, also while the store is away. */
  publicKeys(): Promise<JWK[]>
  close: Close
}

const renewEveryMs = 60 * 60 * 1000
const validForMs = 26 * 60 * 60 * 1000

/**
 * A signing key of this process alone (Ed25519). The private half is never stored, sent or shared; the public half
 * is put where the other instances find it, and expires a day after this process is gone: later than any token it signed.
 */
export async function createSigningKeys(store: PublicKeyStore): Promise<SigningKeys> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const kid = crypto.randomUUID()
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }
  const save = () => store.save({ kid, jwk, expiresAt: new Date(Date.now() + validForMs) })
  await save()
  // A renewal that fails is made good by one of the twenty-five after it.
  const timer = setInterval(() => save().catch(() => undefined), renewEveryMs)
  timer.unref()

  return {
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).setIssuedAt().sign(privateKey),
    async publicKeys() {
      const stored = await store.list().catch(() => [])
      return [jwk, ...stored.filter((key) => key.kid !== kid).map((key) => key.jwk)]
    },
    async close() {
      clearInterval(timer)
    },
  }
}
