import type { Append } from '../../events/log/module-log.ts'
import { TrellisError } from '../../foundation/errors.ts'
import { requireSignInAllowed } from '../access.ts'
import type { Call } from '../call.ts'
import { openAnswer, sealAnswer } from './refresh-answer.ts'
import { hashOf, issueCredentials, type SessionCredentials, type SessionNode } from './sessions.ts'
import type { UsersModule, UsersTransaction } from './users-module.ts'

const replayMs = 10_000

type PresentedToken = {
  sessionId: string
  userId: string
  endedAt: Date | null
  expiresAt: Date
  spentAt: Date | null
  answer: Uint8Array | null
}

type Refreshed = { userId: string; credentials: SessionCredentials }

/**
 * Exchanges a refresh token for the next one. Within ten seconds a repetition gets the very same answer: a lost
 * response costs nobody the session. After that a spent token in somebody's hand means that two hold the family.
 *
 * @throws {TrellisError} REFRESH_TOKEN_INVALID, FORBIDDEN
 */
export async function refreshSession(
  module: UsersModule,
  call: Call,
  refreshToken: string,
): Promise<SessionNode> {
  requireSignInAllowed(call.viewer)
  const { client } = call.viewer
  // A refusal is returned, not thrown: ending the family has to be committed.
  const refreshed = await module.events.transaction(async (tx, append): Promise<Refreshed | null> => {
    const presented = await lockPresented(tx, client, hashOf(refreshToken))
    if (!presented || presented.endedAt || presented.expiresAt <= module.now()) return null
    if (presented.spentAt === null) return rotate({ module, tx }, presented, refreshToken)

    const replayable = module.now().getTime() - presented.spentAt.getTime() <= replayMs
    if (replayable && presented.answer) {
      return { userId: presented.userId, credentials: openAnswer(presented.answer, refreshToken) }
    }
    await endFamily({ module, tx, append }, call, presented)
    return null
  })
  const user = refreshed && (await module.db.user.findFirst({ where: { client, id: refreshed.userId } }))
  if (!refreshed || !user) {
    throw new TrellisError('REFRESH_TOKEN_INVALID', 'The refresh token is of no use; sign in again.')
  }
  return { ...refreshed.credentials, user: { ...user, provenSelf: true } }
}

/** Both rows are locked: two exchanges of one token, or of one family, come one after the other. */
async function lockPresented(
  tx: UsersTransaction,
  client: string,
  hash: Uint8Array<ArrayBuffer>,
): Promise<PresentedToken | undefined> {
  const rows = await tx.$queryRaw<PresentedToken[]>`
    SELECT s.id AS "sessionId", s.user_id AS "userId", s.ended_at AS "endedAt",
           t.expires_at AS "expiresAt", t.spent_at AS "spentAt", t.answer
    FROM refresh_token t JOIN session s ON s.id = t.session_id
    WHERE t.hash = ${hash} AND s.client = ${client}
    FOR UPDATE`
  return rows[0]
}

async function rotate(
  { module, tx }: { module: UsersModule; tx: UsersTransaction },
  { sessionId, userId }: PresentedToken,
  refreshToken: string,
): Promise<Refreshed> {
  const now = module.now()
  const user = await tx.user.findUniqueOrThrow({ where: { id: userId } })
  const credentials = await issueCredentials(module, tx, { user, sessionId })
  const stale = new Date(now.getTime() - replayMs)
  await tx.refreshToken.updateMany({ where: { sessionId, spentAt: { lt: stale } }, data: { answer: null } })
  await tx.refreshToken.update({
    where: { hash: hashOf(refreshToken) },
    data: { spentAt: now, answer: sealAnswer(credentials, refreshToken) },
  })
  await tx.session.update({ where: { id: sessionId }, data: { lastUsedAt: now } })
  return { userId, credentials }
}

type Writing = { module: UsersModule; tx: UsersTransaction; append: Append }

async function endFamily(
  { module, tx, append }: Writing,
  { viewer: { client }, traceparent }: Call,
  { sessionId, userId }: PresentedToken,
): Promise<void> {
  await tx.session.update({ where: { id: sessionId }, data: { endedAt: module.now() } })
  await append({
    type: 'users.session.reuse_detected',
    subject: userId,
    client,
    // Whoever it was: that is just what is in doubt.
    actor: null,
    traceparent,
    data: { userId, sessionId },
  })
}
