import type { MeasurementSource } from '../../prisma/generated/analytics/client.ts'
import { announceUpdates, type CountingTransaction, type Origin } from './metric-updates.ts'

/** Something that is counted once. */
export type Measurement = {
  client: string
  source: MeasurementSource
  eventId: string
  metric: string
  at: Date
  value: number
  userId: string | null
  dimensions: Dimensions
}

export type Dimensions = { readonly [name: string]: string | number | boolean }

/** Counts what has not been counted yet, and says so. @returns how many of them */
export async function countMeasurements(
  counting: CountingTransaction,
  measurements: readonly Measurement[],
  origin: Origin,
): Promise<number> {
  const counted = await counting.tx.measurement.createManyAndReturn({
    // In one order everywhere: two who count the same would wait for each other.
    data: measurements.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1)),
    skipDuplicates: true,
    select: { client: true, metric: true, at: true },
  })
  await announceUpdates(counting, counted, origin)
  return counted.length
}
