import { Pool } from 'pg'
import { happened } from '../../events/bus/bus-fixture.ts'
import { eventually } from '../../support/eventually.ts'
import {
  type Key,
  type MetricsBehindGateway,
  startMetricsBehindGateway,
  type Update,
} from './metrics-behind-gateway.ts'

const minute = '2026-03-05T10:20:00.000Z'
const hour = '2026-03-05T10:00:00.000Z'

let metrics: MetricsBehindGateway
beforeAll(async () => {
  metrics = await startMetricsBehindGateway()
})
afterAll(() => metrics.close())

const longAgo = '2000-01-01T00:00:00.000Z'

/** A cursor behind all that has happened: a subscription without one cannot say since when it listens. */
async function cursorOf(
  metric: string,
  { happen = (at: string) => metrics.track(metric, [at]), ...variables }: Begin = {},
): Promise<string> {
  await using events = metrics.watch({ metric, ...variables })
  let update: Update | undefined
  const first = events.next().then((arrived) => {
    update = arrived
  })
  await eventually('the subscription is live', async () => {
    if (!update) await happen(minute)
    return update
  })
  await first
  // Counted when all of that has been, it has its place behind it.
  await happen(longAgo)
  while (update?.point.at !== longAgo) update = await events.next()
  return update.cursor
}
type Begin = { happen?: (at: string) => Promise<unknown>; interval?: string }

test('a point that changes is told with its value then', async () => {
  const after = await cursorOf('sale', { interval: 'MINUTE' })
  await metrics.track('other', [minute])
  await metrics.track('sale', ['2026-03-05T10:59:59.999Z'])
  await using sales = metrics.watch({ metric: 'sale', interval: 'MINUTE', after })
  const first = await sales.next()
  expect(first).toMatchObject({ lagged: 0, point: { at: '2026-03-05T10:59:00.000Z', value: 1 } })
  await metrics.track('sale', ['2026-03-05T10:59:00Z', '2026-03-05T10:59:01Z'])
  expect((await sales.next()).point).toEqual({ at: '2026-03-05T10:59:00.000Z', value: 3 })
})

test('what is the same interval is one update, and a value may be another aggregate', async () => {
  const after = await cursorOf('visit')
  await using visits = metrics.watch({ metric: 'visit', after, aggregate: 'MAX' })
  await metrics.track('visit', ['2026-03-05T10:00:00Z', '2026-03-05T11:00:00Z', '2026-03-05T10:59:59Z'])
  const points = [(await visits.next()).point, (await visits.next()).point]
  expect(new Set(points)).toEqual(
    new Set([
      { at: hour, value: 1 },
      { at: '2026-03-05T11:00:00.000Z', value: 1 },
    ]),
  )
})

test('a burst of a thousand is few updates, and the last one tells all', async () => {
  const after = await cursorOf('burst')
  await using live = metrics.watch({ metric: 'burst', after })
  await Promise.all(Array.from({ length: 100 }, () => metrics.track('burst', Array(10).fill(minute))))
  const total = await hourlyValueOf('burst')
  expect(total).toBeGreaterThan(1_000)
  const updates = [await live.next()]
  while (updates.at(-1)?.point.value !== total) updates.push(await live.next())
  expect(updates.length).toBeLessThan(50)

  // Whoever comes back is told once, however much has happened meanwhile.
  await using late = metrics.watch({ metric: 'burst', after })
  expect((await late.next()).point).toEqual({ at: hour, value: total })
  await metrics.track('burst', [minute])
  let last = await late.next()
  while (last.point.value === total) last = await late.next()
  expect(last.point).toEqual({ at: hour, value: total + 1 })
})

async function hourlyValueOf(metric: string): Promise<number> {
  const { data } = await metrics.ask(
    `query ($metric: String!) { series(metric: $metric, from: "${hour}", to: "2026-03-05T11:00:00Z", interval: HOUR) { points { value } } }`,
    { metric },
  )
  const series = data?.series as { points: { value: number }[] }[] | undefined
  return series?.[0]?.points[0]?.value ?? 0
}

test('after a lost connection it goes on from its cursor: every point that has changed meanwhile', async () => {
  const after = await cursorOf('resumed', { interval: 'DAY' })
  const days = ['2026-04-01', '2026-04-02', '2026-04-03'].map((day) => `${day}T00:00:00.000Z`)
  for (const day of [...days, ...days]) await metrics.track('resumed', [day])
  const seen: Update[] = []
  {
    await using before = metrics.watch({ metric: 'resumed', interval: 'DAY', after })
    seen.push(await before.next())
  }
  await using again = metrics.watch({ metric: 'resumed', interval: 'DAY', after: seen[0]?.cursor })
  // An update that has its place in the log later than it was counted may be told by itself, with the same value.
  while (new Set(seen.map(({ point }) => point.at)).size < days.length) seen.push(await again.next())
  expect(seen.every(({ point }) => point.value === 2)).toBe(true)
  expect(new Set(seen.map(({ cursor }) => cursor)).size).toBe(seen.length)
  await metrics.track('resumed', days.slice(0, 1))
  let update = await again.next()
  while (update.point.value < 3) update = await again.next()
  expect(update.point).toEqual({ at: days[0], value: 3 })
})

test.each<[string, object, Key, string]>([
  ['made up', { after: 'made up' }, 'acme SECRET', 'CURSOR_INVALID'],
  ['another client’s', {}, 'globex SECRET', 'CURSOR_INVALID'],
  ['of another metric', { metric: 'another' }, 'acme SECRET', 'CURSOR_OF_ANOTHER_STREAM'],
  ['of another interval', { interval: 'DAY' }, 'acme SECRET', 'CURSOR_OF_ANOTHER_STREAM'],
])('a cursor that is %s is refused', async (_what, wrong, key, code) => {
  const after = await cursorOf('refused')
  await using refused = metrics.watch({ metric: 'refused', after, ...wrong }, key)
  expect(await refused.codes()).toEqual([code])
})

test('whoever may not read series may not watch them, and a metric has a name', async () => {
  await using frontend = metrics.watch({ metric: 'sale' }, 'acme PUBLISHABLE')
  expect(await frontend.codes()).toEqual(['FORBIDDEN'])
  await using nameless = metrics.watch({ metric: '' })
  expect(await nameless.codes()).toEqual(['BAD_USER_INPUT'])
})

test('another client’s updates are not seen', async () => {
  const after = await cursorOf('shared')
  await using live = metrics.watch({ metric: 'shared', after })
  await metrics.track('shared', ['2026-05-01T00:00:00Z'], 'globex SECRET')
  await metrics.track('shared', ['2026-05-02T00:00:00Z'])
  expect((await live.next()).point.at).toBe('2026-05-02T00:00:00.000Z')
})

test('a rebuild tells the points that it has changed, and no others', async () => {
  const metric = 'data.record.created'
  const minutesAgo = (count: number) => {
    const ms = Date.now() - count * 60_000
    return new Date(ms - (ms % 60_000)).toISOString()
  }
  const [wrong, right, begun] = [minutesAgo(30), minutesAgo(20), minutesAgo(10)]
  const happen = (...times: string[]) =>
    metrics.bus.publish(
      times.map((time) => happened(crypto.randomUUID(), { type: metric, source: 'data', time })),
    )
  await happen(wrong, wrong, right)
  await using database = await openDatabase(metrics.databaseUrl)
  await eventually('they are counted', async () => {
    const { rowCount } = await database.pool.query('SELECT FROM measurement WHERE metric = $1', [metric])
    return rowCount === 3
  })
  const after = await cursorOf(metric, {
    interval: 'MINUTE',
    happen: (at) => happen(at === longAgo ? at : begun),
  })
  await database.pool.query('UPDATE measurement SET value = 7 WHERE metric = $1 AND at = $2', [metric, wrong])
  await using live = metrics.watch({ metric, interval: 'MINUTE', aggregate: 'SUM', after })

  await metrics.bus.operations.startReplay({
    ...{ client: 'acme', group: 'analytics', type: metric, requestedBy: null },
    ...{ from: minutesAgo(60), to: minutesAgo(5) },
  })
  const next = async () => {
    // What began it may have been counted in another order than it happened in.
    let update = await live.next()
    while (update.point.at === begun) update = await live.next()
    return update.point
  }
  expect(await next()).toEqual({ at: wrong, value: 2 })
  await happen(right)
  expect(await next()).toEqual({ at: right, value: 2 })
})

async function openDatabase(connectionString: string) {
  const pool = new Pool({ connectionString })
  return { pool, [Symbol.asyncDispose]: () => pool.end() }
}
