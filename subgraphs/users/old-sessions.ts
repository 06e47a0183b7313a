import { type Purge, type PurgeTransaction, purgeBatch } from '../purge.ts'

/*
 * A refresh token lives for thirty days: a session that was not used for so long has none left, and one that was ended
 * can be of no use again. Their tokens go with them. In a session that lives on, tokens that have expired were spent.
 */
export const oldSessions: Purge<PurgeTransaction> = {
  what: 'sessions',
  deleteSome: (tx) => tx.$executeRaw`
    DELETE FROM session WHERE id IN (
      SELECT id FROM session
      WHERE coalesce(ended_at, last_used_at) < now() - interval '30 days' LIMIT ${purgeBatch})`,
}

export const expiredRefreshTokens: Purge<PurgeTransaction> = {
  what: 'refresh tokens',
  deleteSome: (tx) => tx.$executeRaw`
    DELETE FROM refresh_token WHERE hash IN (
      SELECT hash FROM refresh_token WHERE expires_at < now() - interval '1 day' LIMIT ${purgeBatch})`,
}
