// How long things took, counted in buckets each a fifth wider than the one before: to be added up across processes, which
// quantiles cannot.

const firstMs = 0.05
const factor = 1.2
const last = 79

/** The bucket of a time in milliseconds. */
export function bucketOf(ms: number): number {
  if (!(ms > firstMs)) return 0
  return Math.min(last, Math.ceil(Math.log(ms / firstMs) / Math.log(factor)))
}

/** The time below which this share of all was, in milliseconds, at most a fifth above the truth; 0 of nothing. */
export function quantileOf(buckets: readonly number[], share: number): number {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [bucket, count] of buckets.entries()) {
    seen += count
    if (count > 0 && seen >= total * share) return Number((firstMs * factor ** bucket).toPrecision(3))
  }
  return 0
}
