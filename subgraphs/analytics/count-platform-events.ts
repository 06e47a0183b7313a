import DataLoader from 'dataloader'
import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { PrismaClient, Rebuild } from '../../prisma/generated/analytics/client.ts'
import type { AnalyticsResources } from './context.ts'
import { countMeasurements, type Dimensions, type Measurement } from './measurement.ts'
import type { CountingTransaction } from './metric-updates.ts'

const userActor = 'user:'
/** What this module itself says is no metric: it would count that it has counted. */
const ownSource = 'analytics'
const nobody = { actor: null, traceparent: null }

/** How many platform events are in hand at once. They are counted together, and announced together. */
export const countedAtOnce = 64

/**
 * A platform event is a metric named by its type, with the value 1. Seen again, it counts no more. What a rebuild covers
 * is counted there too: it takes the place of what is counted now.
 */
export function createPlatformCounter(
  resources: AnalyticsResources,
): (event: PlatformEvent) => Promise<void> {
  const counted = new DataLoader((events: readonly PlatformEvent[]) => countTogether(resources, events), {
    cache: false,
    maxBatchSize: countedAtOnce,
    // After the turn in which the bus hands out what it has.
    batchScheduleFn: (count) => setImmediate(count),
  })
  return async (event) => {
    if (isMetric(event)) await counted.load(event)
  }
}

export function isMetric({ source }: PlatformEvent): boolean {
  return source !== ownSource
}

/** In one transaction; where it fails, each in its own, so that one that cannot be counted holds up no other. */
async function countTogether(
  resources: AnalyticsResources,
  events: readonly PlatformEvent[],
): Promise<(true | Error)[]> {
  const measurements = events.map(measurementOf)
  try {
    await count(resources, measurements)
    return events.map(() => true)
  } catch (error) {
    if (events.length === 1) return [asError(error)]
    return Promise.all(measurements.map((one) => count(resources, [one]).then(() => true as const, asError)))
  }
}

async function count(
  { db, events }: AnalyticsResources,
  measurements: readonly Measurement[],
): Promise<void> {
  const rebuilds = await findRebuilds(db, measurements)
  await events.transaction(async (tx, append) => {
    await countMeasurements({ tx, append }, measurements, nobody)
    for (const rebuild of rebuilds) {
      const covered = measurements.filter((measurement) => covers(rebuild, measurement))
      await countRebuilt(tx, rebuild.id, covered)
    }
  })
}

/** @throws when there is no such rebuild any more */
export async function countRebuilt(
  db: Pick<CountingTransaction['tx'], 'rebuiltMeasurement'>,
  rebuildId: string,
  measurements: readonly Measurement[],
): Promise<void> {
  const data = measurements.map(({ client: _client, source: _source, ...rest }) => ({ rebuildId, ...rest }))
  await db.rebuiltMeasurement.createMany({ data, skipDuplicates: true })
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

async function findRebuilds(db: PrismaClient, measurements: readonly Measurement[]): Promise<Rebuild[]> {
  const clients = new Set(measurements.map(({ client }) => client))
  return db.rebuild.findMany({ where: { client: { in: [...clients] } } })
}

function covers({ client, type, from, to }: Rebuild, { metric, at, ...measurement }: Measurement): boolean {
  return measurement.client === client && (type === null || type === metric) && at >= from && at < to
}

/** Few and of few values; what is in an event beyond that is its module's. */
function dimensionsOf({ source, data }: PlatformEvent): Dimensions {
  return { source, ...(typeof data.collection === 'string' && { collection: data.collection }) }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}
