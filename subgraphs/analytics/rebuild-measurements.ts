import type { ReplayHandler } from '../../events/bus/bus.ts'
import type { PrismaClient } from '../../prisma/generated/analytics/client.ts'
import { countRebuilt, measurementOf } from './count-platform-event.ts'

/**
 * What was counted of the platform's events is made anew beside what is in use, from their replay, and takes its place in
 * one transaction: series show the old or the new, and never something between. What callers have tracked stays as it is.
 */
export function rebuildMeasurements(db: PrismaClient): ReplayHandler {
  return {
    async begin({ id, client, type, from, to }) {
      await db.rebuild.createMany({ data: [{ id, client, type, from, to }], skipDuplicates: true })
    },
    async handle(event, { id }) {
      await countRebuilt(db, id, measurementOf(event))
    },
    end: ({ id }) => takePlace(db, id),
    async abandon({ id }) {
      await db.rebuild.deleteMany({ where: { id } })
    },
  }
}

/** Ended before, it is gone, and so nothing is done twice. Its row is locked: whoever counts into it has done so, or fails. */
async function takePlace(db: PrismaClient, id: string): Promise<void> {
  await db.$transaction(
    async (tx) => {
      const [rebuild] = await tx.$queryRaw<{ id: string }[]>`
        SELECT "id" FROM "rebuild" WHERE "id" = ${id} FOR UPDATE`
      if (!rebuild) return
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
      await tx.rebuild.delete({ where: { id } })
    },
    { timeout: 600_000 },
  )
}
