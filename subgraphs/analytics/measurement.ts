import type { MeasurementSource, PrismaClient } from '../../prisma/generated/analytics/client.ts'

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

/** @returns how many of them had not been counted before */
export async function countMeasurements(
  db: PrismaClient,
  measurements: readonly Measurement[],
): Promise<number> {
  const { count } = await db.measurement.createMany({ data: [...measurements], skipDuplicates: true })
  return count
}
