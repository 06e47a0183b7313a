import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, isAdmin, isGranted } from '../../foundation/viewer.ts'
import { type Member, requireMember } from '../access.ts'
import { boundedText } from '../bounded-text.ts'
import { badInput } from './bad-input.ts'
import type { AnalyticsContext } from './context.ts'
import { parseDimensions } from './dimension-filter.ts'
import { assertCountableTime } from './intervals.ts'
import { countMeasurements, type Measurement } from './measurement.ts'

export type TrackInput = {
  id: string
  metric: string
  at?: Date | null
  value?: number | null
  userId?: string | null
  dimensions?: unknown
}

const maxEvents = 1000
const maxTextLength = 200
/** So that no sum of them overflows. */
const maxValue = 1e15
const maxAheadMs = 24 * 60 * 60 * 1000
/** What platform events are named by: nobody else may add to those metrics. */
const reservedMetric = /^(?:analytics|control|data|gateway|lambdas|notifications|platform|plugin|users)\./

/** @throws {TrellisError} FORBIDDEN; BAD_USER_INPUT, and then none of the events is counted */
export async function track(
  { events: log, viewer, traceparent }: AnalyticsContext,
  { events }: { events: readonly TrackInput[] },
): Promise<{ accepted: number; duplicates: number }> {
  const member = requireMember(viewer, 'analytics:write')
  if (events.length > maxEvents) throw badInput(`At most ${maxEvents} events are tracked at once.`)
  const now = new Date()
  const measurements = events.map((event) => measurementOf(event, member, now))
  if (measurements.length === 0) return { accepted: 0, duplicates: 0 }
  const origin = { actor: actorOf(viewer), traceparent }
  const accepted = await log.transaction((tx, append) =>
    countMeasurements({ tx, append }, measurements, origin),
  )
  return { accepted, duplicates: events.length - accepted }
}

function measurementOf(event: TrackInput, viewer: Member, now: Date): Measurement {
  const metric = boundedText(event.metric, { what: 'metric', max: maxTextLength })
  if (reservedMetric.test(metric))
    throw badInput(`Metrics named "${metric.split('.')[0]}." are the platform's own.`)
  const at = event.at ?? now
  assertCountableTime(at)
  if (at.getTime() > now.getTime() + maxAheadMs) throw badInput('`at` is more than a day from now.')
  const value = event.value ?? 1
  if (Math.abs(value) > maxValue) throw badInput(`\`value\` is ${-maxValue} to ${maxValue}.`)
  return {
    client: viewer.client,
    source: 'TRACKED',
    eventId: boundedText(event.id, { what: 'id', max: maxTextLength }),
    metric,
    at,
    value,
    userId: actingUser(event.userId, viewer),
    dimensions: parseDimensions(event.dimensions),
  }
}

function actingUser(named: string | null | undefined, viewer: Member): string | null {
  const self = viewer.kind === 'USER' ? viewer.userId : null
  if (named === null || named === undefined || named === self) return self
  if (!isAdmin(viewer) && !isGranted(viewer, 'analytics:write'))
    throw new TrellisError('FORBIDDEN', 'Only administrators track what others did.')
  return boundedText(named, { what: 'userId', max: maxTextLength })
}
