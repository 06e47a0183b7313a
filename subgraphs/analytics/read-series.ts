import { Prisma } from '../../prisma/generated/analytics/client.ts'
import { requireEditor } from '../access.ts'
import { boundedText } from '../bounded-text.ts'
import type { AnalyticsContext } from './context.ts'
import { type DimensionFilter, parseDimensionFilter } from './dimension-filter.ts'
import { type Interval, intervalStarts, truncationUnits } from './intervals.ts'
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
  const { client } = requireEditor(viewer)
  const starts = intervalStarts(input, input.interval, maxPoints)
  const groupBy = boundedGroup(input.groupBy)
  const key = groupBy === null ? Prisma.sql`NULL::text` : Prisma.sql`"dimensions" ->> ${groupBy}::text`
  const wanted = Prisma.sql`"client" = ${client} AND "metric" = ${boundedText(input.metric, { what: 'metric', max: 200 })}
    AND "at" >= ${input.from.toISOString()}::timestamptz AND "at" < ${input.to.toISOString()}::timestamptz
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

const emptyBucket: Bucket = { key: null, at: new Date(Number.NaN), value: 0 }

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
