import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { Append } from '../../events/log/module-log.ts'
import type { Prisma } from '../../prisma/generated/analytics/client.ts'

/** Says that a metric's values of a minute are others now. Minutes, because every interval is whole ones. */
export type MetricUpdateData = {
  metric: string
  /** RFC 3339: the begin of the minute. */
  at: string
}

/** A value that was counted, or is not any more. */
export type CountedAt = { client: string; metric: string; at: Date }

/** Who made it count; nobody in particular, where it is a platform event. */
export type Origin = { actor: string | null; traceparent: string | null }

/** What a change of the measurements is written with: `append` in the transaction that changes them. */
export type CountingTransaction = { tx: Prisma.TransactionClient; append: Append }

export const metricUpdated = 'analytics.metric.updated'

const minuteMs = 60_000

/** One event for each metric and minute, however much was counted there. */
export async function announceUpdates(
  { append }: CountingTransaction,
  counted: readonly CountedAt[],
  { actor, traceparent }: Origin,
): Promise<void> {
  const updates = new Map<string, CountedAt>()
  for (const { client, metric, at } of counted) {
    const minute = new Date(at.getTime() - (at.getTime() % minuteMs))
    updates.set(JSON.stringify([client, metric, minute]), { client, metric, at: minute })
  }
  for (const { client, metric, at } of updates.values()) {
    const data: MetricUpdateData = { metric, at: at.toISOString() }
    await append({ type: metricUpdated, subject: metric, client, actor, traceparent, data })
  }
}

/** Reads what `announceUpdates` appended. */
export function updateOf({ data }: PlatformEvent): { metric: string; at: Date } {
  // Written by this module and nobody else.
  const { metric, at } = data as MetricUpdateData
  return { metric, at: new Date(at) }
}
