import DataLoader from 'dataloader'
import type { PrismaClient, RecordEventType } from '../../prisma/generated/data/client.ts'
import type { JsonObject } from '../json-value.ts'

/** One row of `record_event`; the parent of the type `RecordEvent`. */
export type StoredRecordEvent = {
  recordId: string
  version: number
  type: RecordEventType
  data: JsonObject
  actor: string
  at: Date
}

export type HistoryPage = { recordId: string; afterVersion: number; limit: number }
export type Moment = { recordId: string; at: Date }

/** What happened to records. They ask for no permission: whoever holds a record may read its history. */
export type HistoryLoaders = {
  historyPages: DataLoader<HistoryPage, StoredRecordEvent[], string>
  /** By record id. */
  historyCounts: DataLoader<string, number>
  /** The last event at or before a moment. */
  lastEvents: DataLoader<Moment, StoredRecordEvent | null, string>
}

export function createHistoryLoaders(db: PrismaClient, client: string): HistoryLoaders {
  return {
    historyPages: new DataLoader((pages) => loadPages(db, client, pages), {
      cacheKeyFn: ({ recordId, afterVersion, limit }) => `${recordId}:${afterVersion}:${limit}`,
    }),
    historyCounts: new DataLoader((ids) => countEvents(db, client, ids)),
    lastEvents: new DataLoader((moments) => loadLastEvents(db, client, moments), {
      cacheKeyFn: ({ recordId, at }) => `${recordId}:${at.getTime()}`,
    }),
  }
}

async function loadPages(
  db: PrismaClient,
  client: string,
  pages: readonly HistoryPage[],
): Promise<StoredRecordEvent[][]> {
  const ids = pages.map((page) => page.recordId)
  const versions = pages.map((page) => page.afterVersion)
  const limits = pages.map((page) => page.limit)
  const rows = await db.$queryRaw<(StoredRecordEvent & { page: number })[]>`
    SELECT "wanted"."page"::int AS "page", "event".*
    FROM unnest(${ids}::text[], ${versions}::int[], ${limits}::int[])
      WITH ORDINALITY AS "wanted"("id", "after_version", "limit", "page"),
    LATERAL (
      SELECT "record_id" AS "recordId", "version", "type", "data", "actor", "at" FROM "record_event"
      WHERE "record_id" = "wanted"."id" AND "client" = ${client} AND "version" > "wanted"."after_version"
      ORDER BY "version" LIMIT "wanted"."limit"
    ) AS "event"
    ORDER BY "wanted"."page", "event"."version"`
  const byPage = Map.groupBy(rows, (row) => row.page)
  return pages.map((_page, index) => byPage.get(index + 1) ?? [])
}

async function countEvents(db: PrismaClient, client: string, ids: readonly string[]): Promise<number[]> {
  const rows = await db.$queryRaw<{ id: string; count: number }[]>`
    SELECT "record_id" AS "id", count(*)::int AS "count" FROM "record_event"
    WHERE "record_id" = ANY(${[...ids]}::text[]) AND "client" = ${client} GROUP BY "record_id"`
  const counts = new Map(rows.map((row) => [row.id, row.count]))
  return ids.map((id) => counts.get(id) ?? 0)
}

async function loadLastEvents(
  db: PrismaClient,
  client: string,
  moments: readonly Moment[],
): Promise<(StoredRecordEvent | null)[]> {
  const ids = moments.map((moment) => moment.recordId)
  const times = moments.map((moment) => moment.at.toISOString())
  const rows = await db.$queryRaw<(StoredRecordEvent & { moment: number })[]>`
    SELECT "wanted"."moment"::int AS "moment", "event".*
    FROM unnest(${ids}::text[], ${times}::timestamptz[]) WITH ORDINALITY AS "wanted"("id", "until", "moment"),
    LATERAL (
      SELECT "record_id" AS "recordId", "version", "type", "data", "actor", "at" FROM "record_event"
      WHERE "record_id" = "wanted"."id" AND "client" = ${client} AND "at" <= "wanted"."until"
      ORDER BY "version" DESC LIMIT 1
    ) AS "event"`
  const byMoment = new Map(rows.map((row) => [row.moment, row]))
  return moments.map((_moment, index) => byMoment.get(index + 1) ?? null)
}
