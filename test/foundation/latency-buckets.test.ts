import { bucketOf, quantileOf } from '../../foundation/latency-buckets.ts'

test('quantiles of counted times are at most a fifth above the truth, also where counts of two are added up', () => {
  const times = Array.from({ length: 1_000 }, (_, index) => 0.1 + index ** 1.5 / 30)
  const buckets: number[] = []
  for (const ms of times) buckets[bucketOf(ms)] = (buckets[bucketOf(ms)] ?? 0) + 1
  const doubled = Array.from(buckets, (count) => (count ?? 0) * 2)
  for (const share of [0.5, 0.9, 0.99]) {
    const truth = times[Math.ceil(times.length * share) - 1] ?? 0
    expect(quantileOf(doubled, share)).toBeGreaterThanOrEqual(truth * 0.99)
    expect(quantileOf(doubled, share)).toBeLessThanOrEqual(truth * 1.21)
  }
})

test('there is a bucket for everything', () => {
  expect([0, -1, Number.NaN, 0.001].map(bucketOf)).toEqual([0, 0, 0, 0])
  expect(bucketOf(Number.MAX_VALUE)).toBe(79)
  expect(quantileOf([], 0.5)).toBe(0)
})
