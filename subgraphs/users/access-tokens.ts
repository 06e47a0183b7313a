import type { SigningKeys } from '../../foundation/signing-keys.ts'
import type { Role } from '../../foundation/viewer.ts'

export type AccessToken = { token: string; expiresAt: Date }

export type AccessTokenSubject = { client: string; userId: string; sessionId: string; roles: readonly Role[] }

/** What the gateway verifies of a user: issuer and audience of every access token. */
const issuer = 'trellis-users'
const audience = 'trellis'
const lifetimeMs = 15 * 60 * 1000

/** A JWT (EdDSA) with `sub` (user id), `client`, `sid` (session id) and `roles`, living 15 minutes from `now`. */
export async function issueAccessToken(
  keys: SigningKeys,
  { client, userId, sessionId, roles }: AccessTokenSubject,
  now: Date,
): Promise<AccessToken> {
  const exp = Math.floor((now.getTime() + lifetimeMs) / 1000)
  const token = await keys.sign({
    iss: issuer,
    aud: audience,
    sub: userId,
    client,
    sid: sessionId,
    roles: [...roles],
    exp,
  })
  return { token, expiresAt: new Date(exp * 1000) }
}
