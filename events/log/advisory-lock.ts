import type { Session } from '../held-connection.ts'
import { createWakeup } from '../wakeup.ts'

const retryMs = 500
/** Twice a heartbeat, and some patience. */
const silenceMs = 5_000

/**
 * Ends the session of a holder that has gone silent: a process that is stopped, or whose host is gone, keeps its
 * connection and its lock. `state_change` moves with every query, so with every heartbeat. A query that is being worked on is
 * no silence, unless it waits for its client to read. Allowed to the same database user.
 */
const endSilentHolder = `
  SELECT pg_terminate_backend(pid)
  FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND granted AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)
    AND state_change < clock_timestamp() - interval '${silenceMs} ms'
    AND (state <> 'active' OR wait_event_type = 'Client')`

/**
 * Waits until this session holds the lock of that name in its database. The lock lasts exactly as long as the
 * session: what is written through the same connection is written by the holder, and a holder whose session was ended
 * by its successor can write no more, whenever it wakes up.
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
    await session.query(endSilentHolder, [name])
    await pause.wait(retryMs, signal)
  }
  return false
}
