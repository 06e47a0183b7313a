import { type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { TrellisError } from './errors.ts'
import { rememberVerified } from './remember-verified.ts'
import type { SigningKeys } from './signing-keys.ts'
import { actorOf, type Viewer } from './viewer.ts'

/** How the gateway proves to a module who is asking: a short-lived JWT (EdDSA) whose audience is that module. */
export type GatewayTokenClaims = {
  viewer: Viewer
  /** How many lambdas stand between the caller and this call: 0 for a call that came from outside. */
  depth: number
}

/** The lambda host may hand its token back to the gateway, to query the graph with the rights of its caller. */
export const lambdaAudience = 'lambdas'
export const gatewayAudience = 'gateway'
const issuer = 'trellis-gateway'
const lifetimeSeconds = 300
const reusedForMs = 240_000

export type SignGatewayToken = (claims: GatewayTokenClaims, audience: string) => Promise<string>

/** Tokens are reused for four of their five minutes, per viewer and module: the cache key is all that a token says. */
export function createGatewayTokenSigner(keys: SigningKeys): SignGatewayToken {
  const cache = new LRUCache<string, Promise<string>>({ max: 10_000, ttl: reusedForMs })
  return (claims, audience) => {
    const cacheKey = JSON.stringify([claims, audience])
    const cached = cache.get(cacheKey)
    if (cached) return cached
    const token = keys.sign({
      iss: issuer,
      aud: audience === lambdaAudience ? [lambdaAudience, gatewayAudience] : audience,
      sub: actorOf(claims.viewer),
      exp: Math.floor(Date.now() / 1000) + lifetimeSeconds,
      viewer: claims.viewer,
      depth: claims.depth,
    })
    cache.set(cacheKey, token)
    token.catch(() => cache.delete(cacheKey))
    return token
  }
}

/** What a token says, as long as it lives. */
export type VerifiedGatewayToken = GatewayTokenClaims & {
  token: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** @throws {TrellisError} UNAUTHENTICATED for anything but a living token of the gateway for this audience */
export type VerifyGatewayToken = (token: string | undefined) => Promise<VerifiedGatewayToken>

/**
 * A token serves many calls, and to check its signature costs more than many a call: what was verified is remembered
 * (docs/adr/0134).
 *
 * @param keys the gateway's public keys, e.g. jose's `createRemoteJWKSet(<gateway>/.well-known/jwks.json)`
 */
export function createGatewayTokenVerifier(audience: string, keys: JWTVerifyGetKey): VerifyGatewayToken {
  const verifyOnce = rememberVerified((token) => verify(token, audience, keys), {
    endsAt: ({ expiresAt }) => expiresAt,
  })
  return async (token) => {
    if (!token) throw new TrellisError('UNAUTHENTICATED', 'This service answers the gateway only.')
    return await verifyOnce(token)
  }
}

async function verify(token: string, audience: string, keys: JWTVerifyGetKey): Promise<VerifiedGatewayToken> {
  try {
    const { payload } = await jwtVerify<GatewayTokenClaims>(token, keys, {
      issuer,
      audience,
      algorithms: ['EdDSA'],
      requiredClaims: ['exp'],
    })
    const { viewer, depth, exp = 0 } = payload
    return { viewer, depth, token, expiresAt: exp * 1000 }
  } catch (cause) {
    throw new TrellisError('UNAUTHENTICATED', 'The gateway token is not valid.', {
      originalError: cause instanceof Error ? cause : null,
    })
  }
}
