import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** A token as an identity provider issues it, and the JWKS to verify it with. */
export async function signToken(): Promise<{ publicKeys: string; authorization: string }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' }
  const token = await new SignJWT({ sub: 'u1' })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(privateKey)
  return { publicKeys: JSON.stringify({ keys: [key] }), authorization: `Bearer ${token}` }
}
