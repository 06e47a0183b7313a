/** The parents of the types `Series` and `SeriesPoint`. */
export type Series = { key: string | null; points: SeriesPoint[] }
export type SeriesPoint = { at: Date; value: number }

/** A value of one interval of one series, as the database finds it. */
export type Bucket = { key: string | null; at: Date; value: number }

/** A series for each key of the buckets, in their order, with a point for every interval: 0 where there is no bucket. */
export function fillSeries(buckets: readonly Bucket[], starts: readonly Date[]): Series[] {
  return [...Map.groupBy(buckets, ({ key }) => key)].map(([key, found]) => {
    const values = new Map(found.map(({ at, value }) => [at.getTime(), value]))
    return { key, points: starts.map((at) => ({ at, value: values.get(at.getTime()) ?? 0 })) }
  })
}
