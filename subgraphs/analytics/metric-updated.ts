import type { LogEntry, LogStream } from '../../events/log/log-stream.ts'
import { patiently } from '../../events/log/patiently.ts'
import { mayReadAnalytics, requireAnalyst } from '../access.ts'
import { followLog } from '../follow-log.ts'
import type { AnalyticsContext } from './context.ts'
import { type Interval, intervalAround } from './intervals.ts'
import { metricUpdated as metricUpdatedEvent, updateOf } from './metric-updates.ts'
import { type Aggregate, boundedMetric, readValue } from './read-series.ts'
import type { SeriesPoint } from './series.ts'

export type MetricUpdatedInput = {
  metric: string
  interval: Interval
  aggregate?: Aggregate | null
  after?: string | null
}

/** The parent of the type `MetricUpdate`. */
export type MetricUpdate = { cursor: string; lagged: number; point: SeriesPoint }

const restMs = 200

/**
 * The points of a metric that change, each with its value at that time: a burst that is counted before anybody could
 * look is one update. With a cursor, first those that have changed since, once each.
 *
 * @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT, CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
 */
export async function metricUpdated(
  context: AnalyticsContext,
  { interval, aggregate, after, ...input }: MetricUpdatedInput,
): Promise<AsyncGenerator<{ metricUpdated: MetricUpdate }>> {
  const { viewer } = context
  const { client } = requireAnalyst(viewer)
  const metric = boundedMetric(input.metric)
  const stream: LogStream = {
    name: `metricUpdated:${interval}:${metric}`,
    client,
    types: [metricUpdatedEvent],
    passes: (event) => updateOf(event).metric === metric && mayReadAnalytics(viewer),
    newest: {
      about: (event) => intervalAround(updateOf(event).at, interval).from.toISOString(),
      restMs,
    },
  }
  const entries = await followLog(context.events, { stream, after: after ?? null }, context)
  return updatesOf(context, entries, { metric, interval, aggregate: aggregate ?? 'COUNT' })
}

type Watched = { metric: string; interval: Interval; aggregate: Aggregate }

async function* updatesOf(
  { db, log, viewer: { client }, signal }: AnalyticsContext,
  entries: AsyncGenerator<LogEntry>,
  { metric, interval, aggregate }: Watched,
): AsyncGenerator<{ metricUpdated: MetricUpdate }> {
  for await (const { cursor, lagged, event } of entries) {
    const range = intervalAround(updateOf(event).at, interval)
    const value = await patiently({ what: 'reading what a metric is now', signal, log }, () =>
      readValue(db, { client, metric, aggregate, range }),
    )
    if (value !== null) yield { metricUpdated: { cursor, lagged, point: { at: range.from, value } } }
  }
}
