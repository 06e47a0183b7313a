import type { PlatformEvent } from '../../events/platform-event.ts'
import type { PrismaClient } from '../../prisma/generated/analytics/client.ts'
import { countMeasurements, type Dimensions } from './measurement.ts'

const userActor = 'user:'

/** A platform event is a metric named by its type, with the value 1. Seen again, it counts no more. */
export async function countPlatformEvent(db: PrismaClient, event: PlatformEvent): Promise<void> {
  const { id, type, client, actor, time } = event
  await countMeasurements(db, [
    {
      client,
      source: 'PLATFORM',
      eventId: id,
      metric: type,
      at: new Date(time),
      value: 1,
      userId: actor?.startsWith(userActor) ? actor.slice(userActor.length) : null,
      dimensions: dimensionsOf(event),
    },
  ])
}

/** Few and of few values; what is in an event beyond that is its module's. */
function dimensionsOf({ source, data }: PlatformEvent): Dimensions {
  return { source, ...(typeof data.collection === 'string' && { collection: data.collection }) }
}
