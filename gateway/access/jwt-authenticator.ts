import { createRemoteJWKSet, errors as joseErrors, jwtVerify } from 'jose'
import { TrellisError } from '../../foundation/errors.ts'
import { rememberVerified } from '../../foundation/remember-verified.ts'
import type { Authenticator, Credentials } from './authenticate.ts'

export type JwtAuthenticatorOptions = {
  /** Whose public keys tokens are verified with; null: everybody is let in. */
  jwt: { jwksUrl: string; issuer?: string | undefined; audience?: string | undefined } | null
  /** Headers that are passed on to the subgraphs; lower-case names. */
  forward: readonly string[]
}

/** For a gateway without viewers: whoever has a valid token, or everybody, may ask everything. */
export function createJwtAuthenticator({ jwt, forward }: JwtAuthenticatorOptions): Authenticator {
  const verify = jwt ? createVerify(jwt) : async () => null
  return {
    async authenticate(credentials) {
      const expiresAt = await verify(credentials.authorization)
      return { viewer: null, forwarded: pick(forward, credentials), depth: 0, keyIds: [], expiresAt }
    },
    holds: ({ expiresAt }) => expiresAt === null || expiresAt > Date.now(),
  }
}

/** Resolves with when the token ends, in milliseconds since the epoch. */
function createVerify({ jwksUrl, issuer, audience }: NonNullable<JwtAuthenticatorOptions['jwt']>) {
  // Public keys only: a shared secret in a JWKS is never used, so no token can be signed with a public key as a secret.
  const keys = createRemoteJWKSet(new URL(jwksUrl))
  const expected = { ...(issuer && { issuer }), ...(audience && { audience }) }
  const verify = rememberVerified(
    async (token) => {
      const { payload } = await jwtVerify(token, keys, expected)
      return { expiresAt: payload.exp === undefined ? null : payload.exp * 1000 }
    },
    { endsAt: ({ expiresAt }) => expiresAt },
  )
  return async (authorization: string | undefined): Promise<number | null> => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1]
    if (!token) throw unauthenticated('Send an access token (authorization: Bearer).')
    try {
      return (await verify(token)).expiresAt
    } catch (error) {
      if (!(error instanceof joseErrors.JOSEError)) throw error
      throw unauthenticated('The access token is not valid, or has expired.')
    }
  }
}

function pick(names: readonly string[], { authorization, header }: Credentials): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of names) {
    const value = name === 'authorization' ? authorization : header(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function unauthenticated(message: string): TrellisError {
  return new TrellisError('UNAUTHENTICATED', message)
}
