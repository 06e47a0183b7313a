import { Prisma } from '../../prisma/generated/analytics/client.ts'
import { requireAnalyst } from '../access.ts'
import { boundedText } from '../bounded-text.ts'
import type { AnalyticsContext } from './context.ts'
import { type DimensionFilter, parseDimensionFilter } from './dimension-filter.ts'
import { type Interval, intervalStarts, type TimeRange, truncationUnits } from './intervals.ts'
import { type Bucket, fillSeries, type Series } from './series.ts'

export type SeriesInput = {
  metric: string
  aggregate?: Aggregate | null
  from: Date
  to: Date
  interval: Interval
  groupBy?: string | null
  filter?: unknown
}

export type Aggregate = 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'UNIQUES'

const maxPoints = 1000
const maxGroups = 50

const aggregates: Record<Aggregate, Prisma.Sql> = {
  COUNT: Prisma.sql`count(*)`,
  SUM: Prisma.sql`sum("value")`,
  AVG: Prisma.sql`avg("value")`,
  MIN: Prisma.sql`min("value")`,
  MAX: Prisma.sql`max("value")`,
  UNIQUES: Prisma.sql`count(DISTINCT "user_id")`,
}

/** @throws {TrellisError} FORBIDDEN; BAD_USER_INPUT for an empty range, more than 1000 points, or an unusable filter */
export async function readSeries({ db, viewer }: AnalyticsContext, input: SeriesInput): Promise<Series[]> {
  const { client } = requireAnalyst(viewer)
  const starts = intervalStarts(input, input.interval, maxPoints)
  const groupBy = boundedGroup(input.groupBy)
  const key = groupBy === null ? Prisma.sql`NULL::text` : Prisma.sql`"dimensions" ->> ${groupBy}::text`
  const metric = boundedMetric(input.metric)
  const wanted = Prisma.sql`${withinRange({ client, metric, from: input.from, to: input.to })}
    AND ${filterToSql(parseDimensionFilter(input.filter))}`
  const buckets = await db.$queryRaw<Bucket[]>`
    WITH "wanted" AS (
      SELECT ${key} AS "key", "at", "value", "user_id" FROM "measurement" WHERE ${wanted}
    ), "group" AS (
      SELECT "key", count(*) AS "size" FROM "wanted" GROUP BY "key" ORDER BY "size" DESC, "key" LIMIT ${maxGroups}
    )
    SELECT "wanted"."key", date_trunc(${truncationUnits[input.interval]}, "at", 'UTC') AS "at",
      ${aggregates[input.aggregate ?? 'COUNT']}::float8 AS "value"
    FROM "wanted" JOIN "group" ON "wanted"."key" IS NOT DISTINCT FROM "group"."key"
    GROUP BY 1, 2, "group"."size" ORDER BY "group"."size" DESC, 1, 2`
  const series = fillSeries(buckets, starts)
  // A metric without groups is one series, also when nothing has happened.
  return series.length === 0 && groupBy === null ? fillSeries([emptyBucket], starts) : series
}

export type PointInput = { client: string; metric: string; aggregate: Aggregate; range: TimeRange }

/** What one point of a series without groups shows now. */
export async function readValue(
  db: AnalyticsContext['db'],
  { client, metric, aggregate, range: { from, to } }: PointInput,
): Promise<number> {
  const [found] = await db.$queryRaw<{ value: number | null }[]>`
    SELECT ${aggregates[aggregate]}::float8 AS "value" FROM "measurement" WHERE ${withinRange({ client, metric, from, to })}`
  return found?.value ?? 0
}

function withinRange({
  client,
  metric,
  from,
  to,
}: TimeRange & { client: string; metric: string }): Prisma.Sql {
  return Prisma.sql`"client" = ${client} AND "metric" = ${metric}
    AND "at" >= ${from.toISOString()}::timestamptz AND "at" < ${to.toISOString()}::timestamptz`
}

const emptyBucket: Bucket = { key: null, at: new Date(Number.NaN), value: 0 }

export function boundedMetric(metric: string): string {
  return boundedText(metric, { what: 'metric', max: 200 })
}

function boundedGroup(groupBy: string | null | undefined): string | null {
  return groupBy === null || groupBy === undefined ? null : boundedText(groupBy, { what: 'groupBy', max: 64 })
}

function filterToSql(filter: DimensionFilter): Prisma.Sql {
  if (filter.length === 0) return Prisma.sql`TRUE`
  const conditions = filter.map(({ name, values }) => {
    const alternatives = values.map(
      (value) => Prisma.sql`"dimensions" @> ${JSON.stringify({ [name]: value })}::jsonb`,
    )
    return Prisma.join(alternatives, ' OR ', '(', ')')
  })
  return Prisma.join(conditions, ' AND ', '(', ')')
}
