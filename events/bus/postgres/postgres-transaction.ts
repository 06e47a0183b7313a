import type { Pool, PoolClient } from 'pg'

/** One transaction. A connection that failed half-way is thrown away, and its transaction with it. */
export async function inTransaction<T>(pool: Pool, work: (session: PoolClient) => Promise<T>): Promise<T> {
  const session = await pool.connect()
  let failed = true
  try {
    await session.query('BEGIN')
    const result = await work(session)
    await session.query('COMMIT')
    failed = false
    return result
  } finally {
    session.release(failed)
  }
}
