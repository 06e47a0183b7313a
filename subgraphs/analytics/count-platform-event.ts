import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { PrismaClient } from '../../prisma/generated/analytics/client.ts'
import type { Dimensions, Measurement } from './measurement.ts'

const userActor = 'user:'

/**
 * A platform event is a metric named by its type, with the value 1. Seen again, it counts no more. What a rebuild covers
 * is counted there too: it takes the place of what is counted now.
 */
export async function countPlatformEvent(db: PrismaClient, event: PlatformEvent): Promise<void> {
  const measurement = measurementOf(event)
  const rebuilds = await findRebuilds(db, measurement)
  await db.$transaction([
    db.measurement.createMany({ data: [measurement], skipDuplicates: true }),
    ...rebuilds.map((id) => countRebuilt(db, id, measurement)),
  ])
}

/** @throws when there is no such rebuild any more */
export function countRebuilt(db: PrismaClient, rebuildId: string, measurement: Measurement) {
  const { client: _client, source: _source, ...rest } = measurement
  return db.rebuiltMeasurement.createMany({ data: [{ rebuildId, ...rest }], skipDuplicates: true })
}

export function measurementOf(event: PlatformEvent): Measurement {
  const { id, type, client, actor, time } = event
  return {
    client,
    source: 'PLATFORM',
    eventId: id,
    metric: type,
    at: new Date(time),
    value: 1,
    userId: actor?.startsWith(userActor) ? actor.slice(userActor.length) : null,
    dimensions: dimensionsOf(event),
  }
}

async function findRebuilds(db: PrismaClient, { client, metric, at }: Measurement): Promise<string[]> {
  const covering = await db.rebuild.findMany({
    where: { client, from: { lte: at }, to: { gt: at }, OR: [{ type: null }, { type: metric }] },
    select: { id: true },
  })
  return covering.map(({ id }) => id)
}

/** Few and of few values; what is in an event beyond that is its module's. */
function dimensionsOf({ source, data }: PlatformEvent): Dimensions {
  return { source, ...(typeof data.collection === 'string' && { collection: data.collection }) }
}
