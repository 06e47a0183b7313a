import type { Client } from 'pg'
import { createWakeup } from './wakeup.ts'

const retryMs = 500

/**
 * Waits until this session holds the lock of that name in its database. The lock lasts exactly as long as the
 * session: what is written through the same connection is written by the holder.
 *
 * @returns whether it has the lock: false when the signal came first
 */
export async function holdAdvisoryLock(client: Client, name: string, signal: AbortSignal): Promise<boolean> {
  const pause = createWakeup()
  while (!signal.aborted) {
    const { rows } = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held',
      [name],
    )
    if (rows[0]?.held) return true
    await pause.wait(retryMs, signal)
  }
  return false
}
