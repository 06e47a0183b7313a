import DataLoader from 'dataloader'
import type { PrismaClient } from '../../prisma/generated/analytics/client.ts'
import { badInput } from './bad-input.ts'
import { intervalStarts, type TimeRange } from './intervals.ts'
import { type Bucket, fillSeries, type Series } from './series.ts'

/** What a user did, in a range of days. */
export type ActivityKey = { userId: string; range: TimeRange }
export type ActivityLoader = DataLoader<ActivityKey, Series[], string>

const maxDays = 366
const maxMetrics = 50
/** Of all users of one fetch: their empty days have to be written out too. */
const maxPoints = 100_000

/** It asks for no permission: that is the resolver's. */
export function createActivityLoader(db: PrismaClient, client: string): ActivityLoader {
  return new DataLoader((keys) => loadActivities(db, client, keys), { cacheKeyFn: cacheKey })
}

function cacheKey({ userId, range }: ActivityKey): string {
  return `${rangeKey(range)}/${userId}`
}

function rangeKey({ from, to }: TimeRange): string {
  return `${from.getTime()}/${to.getTime()}`
}

/** One query for each range, whatever the number of users; an operation rarely has more than one range. */
async function loadActivities(
  db: PrismaClient,
  client: string,
  keys: readonly ActivityKey[],
): Promise<(Series[] | Error)[]> {
  const answers = new Map<string, Series[] | Error>()
  const ranges = Map.groupBy(keys, ({ range }) => rangeKey(range))
  await Promise.all(
    [...ranges.values()].map(async (group) => {
      const found = await loadRange(db, client, group).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      )
      for (const key of group) {
        answers.set(cacheKey(key), found instanceof Error ? found : (found.get(key.userId) ?? []))
      }
    }),
  )
  return keys.map((key) => answers.get(cacheKey(key)) ?? [])
}

async function loadRange(
  db: PrismaClient,
  client: string,
  keys: readonly ActivityKey[],
): Promise<Map<string, Series[]>> {
  const [first] = keys
  if (!first) return new Map()
  const starts = intervalStarts(first.range, 'DAY', maxDays)
  const userIds = keys.map(({ userId }) => userId)
  const rows = await db.$queryRaw<(Bucket & { userId: string })[]>`
    WITH "day" AS (
      SELECT "user_id", "metric", date_trunc('day', "at", 'UTC') AS "at", count(*)::float8 AS "value"
      FROM "measurement"
      WHERE "client" = ${client} AND "user_id" = ANY(${userIds}::text[])
        AND "at" >= ${first.range.from.toISOString()}::timestamptz AND "at" < ${first.range.to.toISOString()}::timestamptz
      GROUP BY 1, 2, 3
    ), "ranked" AS (
      SELECT *, dense_rank() OVER (PARTITION BY "user_id" ORDER BY "metric" COLLATE "C") AS "place" FROM "day"
    )
    SELECT "user_id" AS "userId", "metric" AS "key", "at", "value" FROM "ranked"
    WHERE "place" <= ${maxMetrics} ORDER BY "metric" COLLATE "C", "at"`
  const series = new Set(rows.map(({ userId, key }) => `${userId}/${key}`)).size
  if (series * starts.length > maxPoints)
    throw badInput('This is too much activity; take fewer days or fewer users.')
  const byUser = Map.groupBy(rows, ({ userId }) => userId)
  return new Map([...byUser].map(([userId, buckets]) => [userId, fillSeries(buckets, starts)]))
}
