import type { Session } from './held-connection.ts'
import { createWakeup } from './wakeup.ts'

const retryMs = 500

/**
 * Waits until this session holds the lock of that name in its database. The lock lasts exactly as long as the
 * session: what is written through the same connection is written by the holder.
 *
 * @returns whether it has the lock: false when the signal came first
 */
export async function holdAdvisoryLock(
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const pause = createWakeup()
  while (!signal.aborted) {
    const [row] = await session.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held',
      [name],
    )
    if (row?.held) return true
    await pause.wait(retryMs, signal)
  }
  return false
}
