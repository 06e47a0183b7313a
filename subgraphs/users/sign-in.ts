import { TrellisError } from '../../foundation/errors.ts'
import { requireSignInAllowed } from '../access.ts'
import type { Call } from '../call.ts'
import { normaliseEmailAddress } from './email-address.ts'
import { issueCredentials, type SessionNode } from './sessions.ts'
import type { UsersModule } from './users-module.ts'

/** Both are needed as long as there is no other way to sign in; the contract leaves room for a second factor's answer. */
export type SignInInput = { email?: string | null; password?: string | null }

/** @throws {TrellisError} BAD_USER_INPUT; INVALID_CREDENTIALS, after the same work for an unknown address as for a wrong password; FORBIDDEN */
export async function signIn(
  module: UsersModule,
  { viewer, traceparent }: Call,
  { email, password }: SignInInput,
): Promise<{ session: SessionNode }> {
  requireSignInAllowed(viewer)
  if (typeof email !== 'string' || typeof password !== 'string') {
    throw new TrellisError('BAD_USER_INPUT', 'Signing in needs `email` and `password`.')
  }
  const { client } = viewer
  const lookups = module.cipher.fingerprints(client, normaliseEmailAddress(email))
  const user = await module.db.user.findFirst({ where: { client, emailLookup: { in: lookups } } })
  const proven = await module.passwords.verify(user?.passwordHash, password)
  if (!user || !proven) {
    throw new TrellisError('INVALID_CREDENTIALS', 'The e-mail address and password do not match.')
  }

  const sessionId = crypto.randomUUID()
  const credentials = await module.events.transaction(async (tx, append) => {
    const now = module.now()
    await tx.session.create({
      data: { id: sessionId, client, userId: user.id, createdAt: now, lastUsedAt: now },
    })
    const issued = await issueCredentials(module, tx, { user, sessionId })
    await append({
      type: 'users.user.signed_in',
      subject: user.id,
      client,
      actor: `user:${user.id}`,
      traceparent,
      data: { userId: user.id, sessionId },
    })
    return issued
  })
  return { session: { ...credentials, user: { ...user, provenSelf: true } } }
}
