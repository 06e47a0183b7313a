import { badInput } from './bad-input.ts'

/** As in the schema: `enum Interval`. */
export type Interval = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH'

/** From a moment on, to just before another. */
export type TimeRange = { from: Date; to: Date }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** PostgreSQL's name for the interval, in `date_trunc`. */
export const truncationUnits: Record<Interval, string> = {
  MINUTE: 'minute',
  HOUR: 'hour',
  DAY: 'day',
  WEEK: 'week',
  MONTH: 'month',
}

/**
 * Where the intervals that a range touches begin, in UTC and in order: the same moments as `date_trunc` finds.
 *
 * @throws {TrellisError} BAD_USER_INPUT for an empty range, one outside of 1970..2100, or more than `most` intervals
 */
export function intervalStarts({ from, to }: TimeRange, interval: Interval, most: number): Date[] {
  if (from >= to) throw badInput('`from` is before `to`.')
  assertCountableTime(from)
  assertCountableTime(to)
  const starts: Date[] = []
  for (let start = startOf(from, interval); start < to; start = following(start, interval)) {
    if (starts.length === most)
      throw badInput(`This range has more than ${most} intervals; take longer ones.`)
    starts.push(start)
  }
  return starts
}

/** The interval in which a moment lies. */
export function intervalAround(time: Date, interval: Interval): TimeRange {
  const from = startOf(time, interval)
  return { from, to: following(from, interval) }
}

const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(2101, 0, 1)

/** @throws {TrellisError} BAD_USER_INPUT for a time that is a mistake, and that the database might not hold */
export function assertCountableTime(time: Date): void {
  if (!(time.getTime() >= earliest && time.getTime() < latest)) {
    throw badInput('Times are between the years 1970 and 2100.')
  }
}

function startOf(time: Date, interval: Interval): Date {
  const ms = time.getTime()
  switch (interval) {
    case 'MINUTE':
      return new Date(ms - (ms % minuteMs))
    case 'HOUR':
      return new Date(ms - (ms % hourMs))
    case 'DAY':
      return new Date(ms - (ms % dayMs))
    case 'WEEK': {
      const daysSinceMonday = (time.getUTCDay() + 6) % 7
      return new Date(ms - (ms % dayMs) - daysSinceMonday * dayMs)
    }
    case 'MONTH':
      return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1))
    default:
      return interval satisfies never
  }
}

function following(start: Date, interval: Interval): Date {
  switch (interval) {
    case 'MINUTE':
      return new Date(start.getTime() + minuteMs)
    case 'HOUR':
      return new Date(start.getTime() + hourMs)
    case 'DAY':
      return new Date(start.getTime() + dayMs)
    case 'WEEK':
      return new Date(start.getTime() + 7 * dayMs)
    case 'MONTH':
      return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1))
    default:
      return interval satisfies never
  }
}
