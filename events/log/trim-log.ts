import type { Session } from '../held-connection.ts'
import { createWakeup } from '../wakeup.ts'

/** How long events are kept, whichever ends first. What the bus does not have yet is kept in any case. */
export type Retention = {
  maxAgeMs: number
  /** Of the events' data, as JSON text. */
  maxBytes: number
}

export const defaultRetention: Retention = { maxAgeMs: 7 * 24 * 60 * 60 * 1_000, maxBytes: 1024 ** 3 }

const lookEveryMs = 10_000
const batch = 500

/*
 * Takes away from the oldest on, so that the horizon says all: whatever is before it is gone, nothing behind it is.
 * `surplus` counts the bytes as if all older ones were gone already.
 */
const trimStatement = `
  WITH head AS (
    SELECT horizon, published, bytes FROM event_log_head FOR UPDATE
  ), oldest AS (
    SELECT position, time, coalesce(size, octet_length(data::text)) AS size FROM event_log, head
    WHERE position > head.horizon AND position <= head.published ORDER BY position LIMIT ${batch}
  ), judged AS (
    SELECT position, oldest.size, time < now() - $1 * interval '1 ms'
      OR head.bytes - sum(oldest.size) OVER (ORDER BY position) + oldest.size > $2 AS surplus
    FROM oldest, head
  ), removed AS (
    DELETE FROM event_log USING judged
    WHERE event_log.position = judged.position
      AND judged.position < coalesce((SELECT min(position) FROM judged WHERE NOT surplus), judged.position + 1)
    RETURNING judged.position, judged.size
  ), total AS (
    SELECT count(*) AS removed, max(position) AS horizon, sum(size) AS bytes FROM removed
  )
  UPDATE event_log_head SET horizon = total.horizon, bytes = greatest(0, event_log_head.bytes - total.bytes)
  FROM total WHERE total.removed > 0
  RETURNING total.removed::int AS removed`

/** Keeps the log within its retention, through the session of the relay that works: nobody else takes rows away. */
export async function trimLog(
  session: Session,
  { maxAgeMs, maxBytes }: Retention,
  signal: AbortSignal,
): Promise<void> {
  const pause = createWakeup()
  while (!signal.aborted) {
    const [trimmed] = await session.query<{ removed: number }>(trimStatement, [maxAgeMs, maxBytes])
    if ((trimmed?.removed ?? 0) < batch) await pause.wait(lookEveryMs, signal)
  }
}
