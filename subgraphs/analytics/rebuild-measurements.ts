import type { ReplayHandler } from '../../events/bus/bus.ts'
import type { Prisma, PrismaClient } from '../../prisma/generated/analytics/client.ts'
import type { AnalyticsResources } from './context.ts'
import { countRebuilt, isMetric, measurementOf } from './count-platform-events.ts'
import { announceUpdates, type CountedAt } from './metric-updates.ts'

/** Of one rebuild: the newest minutes that are others by it. Nobody watches more. */
const maxAnnounced = 10_000
/** One statement replaces a month. */
export const replacedWithinMs = 600_000

export type RebuildGround = AnalyticsResources & {
  /** Of the same database; waits for a statement for `replacedWithinMs`. */
  patientDb: PrismaClient
}

/**
 * What was counted of the platform's events is made anew beside what is in use, from their replay, and takes its place in
 * one transaction: series show the old or the new, and never something between. What callers have tracked stays as it is.
 */
export function rebuildMeasurements({ db, patientDb, events }: RebuildGround): ReplayHandler {
  return {
    async begin({ id, client, type, from, to }) {
      await db.rebuild.createMany({ data: [{ id, client, type, from, to }], skipDuplicates: true })
    },
    async handle(event, { id }) {
      if (isMetric(event)) await countRebuilt(db, id, [measurementOf(event)])
    },
    end: ({ id, requestedBy }) => takePlace({ events, patientDb }, { id, actor: requestedBy }),
    async abandon({ id }) {
      await patientDb.rebuild.deleteMany({ where: { id } })
    },
  }
}

/** Ended before, it is gone, and so nothing is done twice. Its row is locked: whoever counts into it has done so, or fails. */
async function takePlace(
  { events, patientDb }: Pick<RebuildGround, 'events' | 'patientDb'>,
  { id, actor }: { id: string; actor: string | null },
): Promise<void> {
  await events.transaction(
    async (tx, append) => {
      const [rebuild] = await tx.$queryRaw<{ client: string }[]>`
        SELECT "client" FROM "rebuild" WHERE "id" = ${id} FOR UPDATE`
      if (!rebuild) return
      const changed = await findChanges(tx, id)
      await replaceMeasurements(tx, id)
      await tx.rebuild.delete({ where: { id } })
      await announceUpdates({ tx, append }, changed, { actor, traceparent: null })
    },
    { timeout: replacedWithinMs, db: patientDb },
  )
}

/** The minutes of metrics that the rebuild has counted otherwise, oldest first. */
async function findChanges(tx: Prisma.TransactionClient, id: string): Promise<CountedAt[]> {
  const newestFirst = await tx.$queryRaw<CountedAt[]>`
    WITH "counted" AS (
      SELECT "made"."metric", "made"."at", "made"."event_id", "made"."value", "made"."user_id", 1 AS "sign"
      FROM "rebuilt_measurement" AS "made" WHERE "rebuild_id" = ${id}
      UNION ALL
      SELECT "metric", "at", "event_id", "value", "user_id", -1
      FROM "measurement" JOIN "rebuild" ON "rebuild"."client" = "measurement"."client"
      WHERE "rebuild"."id" = ${id} AND "source" = 'PLATFORM'
        AND ("type" IS NULL OR "metric" = "type") AND "at" >= "from" AND "at" < "to"
    ), "differing" AS (
      SELECT "metric", "at" FROM "counted"
      GROUP BY "metric", "at", "event_id", "value", "user_id" HAVING sum("sign") <> 0
    )
    SELECT (SELECT "client" FROM "rebuild" WHERE "id" = ${id}) AS "client", "metric", date_trunc('minute', "at", 'UTC') AS "at"
    FROM "differing" GROUP BY 2, 3 ORDER BY 3 DESC, 2 LIMIT ${maxAnnounced}`
  return newestFirst.toReversed()
}

async function replaceMeasurements(tx: Prisma.TransactionClient, id: string): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM "measurement" USING "rebuild"
    WHERE "rebuild"."id" = ${id} AND "measurement"."client" = "rebuild"."client" AND "source" = 'PLATFORM'
      AND ("type" IS NULL OR "metric" = "type") AND "at" >= "from" AND "at" < "to"`
  await tx.$executeRaw`
    INSERT INTO "measurement" ("client", "source", "event_id", "metric", "at", "value", "user_id", "dimensions")
    SELECT "client", 'PLATFORM', "event_id", "metric", "at", "value", "user_id", "dimensions"
    FROM "rebuilt_measurement" AS "made" JOIN "rebuild" ON "rebuild"."id" = "made"."rebuild_id"
    WHERE "rebuild"."id" = ${id}
    ON CONFLICT DO NOTHING`
}
