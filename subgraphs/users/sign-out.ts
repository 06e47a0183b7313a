import { actorOf } from '../../foundation/viewer.ts'
import { requireMember } from '../access.ts'
import type { Call } from '../call.ts'
import { hashOf } from './sessions.ts'
import type { UsersModule } from './users-module.ts'

/** Ends the session of a refresh token: the user's own one; the client's server may end any. False when there is none. */
export async function signOut(module: UsersModule, { viewer, traceparent }: Call, refreshToken: string) {
  const member = requireMember(viewer)
  const { client } = member
  const own = member.kind === 'USER' ? { userId: member.userId } : {}
  return module.events.transaction(async (tx, append) => {
    const where = { client, ...own, endedAt: null, refreshTokens: { some: { hash: hashOf(refreshToken) } } }
    const ended = await tx.session.updateManyAndReturn({ where, data: { endedAt: module.now() } })
    for (const { id: sessionId, userId } of ended) {
      await append({
        type: 'users.user.signed_out',
        subject: userId,
        client,
        actor: actorOf(viewer),
        traceparent,
        data: { userId, sessionId },
      })
    }
    return ended.length > 0
  })
}
