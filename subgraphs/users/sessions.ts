import { createHash, randomBytes } from 'node:crypto'
import type { User } from '../../prisma/generated/users/client.ts'
import { issueAccessToken } from './access-tokens.ts'
import type { UserNode, UsersModule, UsersTransaction } from './users-module.ts'

/** GraphQL's `Session`. */
export type SessionNode = SessionCredentials & { user: UserNode }

export type SessionCredentials = { accessToken: string; accessTokenExpiresAt: Date; refreshToken: string }

const refreshLifetimeMs = 30 * 24 * 60 * 60 * 1000

/** The next credentials of a session: a refresh token, stored as its hash only, and an access token with the roles of now. */
export async function issueCredentials(
  module: UsersModule,
  tx: UsersTransaction,
  { user, sessionId }: { user: User; sessionId: string },
): Promise<SessionCredentials> {
  const now = module.now()
  const refreshToken = randomBytes(32).toString('base64url')
  await tx.refreshToken.create({
    data: {
      hash: hashOf(refreshToken),
      sessionId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + refreshLifetimeMs),
    },
  })
  const { client, id: userId, roles } = user
  const access = await issueAccessToken(module.keys, { client, userId, sessionId, roles }, now)
  return { accessToken: access.token, accessTokenExpiresAt: access.expiresAt, refreshToken }
}

export function hashOf(refreshToken: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(refreshToken).digest())
}
