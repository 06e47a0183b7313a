import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type AnalyticsModule, startAnalyticsModule } from './analytics-module.ts'

const { member, editor, server } = viewersOf('acme')

let module: AnalyticsModule
beforeAll(async () => {
  module = await startAnalyticsModule()
  const event = (id: string, at: string, value: number, userId: string, dimensions?: object) => ({
    id,
    metric: 'sale',
    at,
    value,
    userId,
    dimensions,
  })
  const answer = await module.track(server, [
    event('1', '2026-01-01T00:00:00Z', 10, 'u1', { country: 'DE', size: 1 }),
    event('2', '2026-01-01T23:59:59.999Z', 20, 'u1', { country: 'AT', vip: true }),
    event('3', '2026-01-03T00:00:00+02:00', 30, 'u2', { country: 'DE' }),
    event('4', '2026-01-03T12:00:00Z', -5, 'u2'),
    event('5', '2026-01-04T00:00:00Z', 1000, 'u9'),
    event('6', '2025-12-31T23:59:59Z', 1000, 'u9'),
  ])
  expect(answer.data?.track).toEqual({ accepted: 6, duplicates: 0 })
})
afterAll(() => module.close())

test.each([
  ['COUNT', [2, 1, 1]],
  ['SUM', [30, 30, -5]],
  ['AVG', [15, 30, -5]],
  ['MIN', [10, 30, -5]],
  ['MAX', [20, 30, -5]],
  ['UNIQUES', [1, 1, 1]],
])('%s per day, in UTC, without what is before or behind', async (aggregate, expected) => {
  expect(await module.values(editor, { metric: 'sale', aggregate })).toEqual({ null: expected })
})

test('empty intervals are there as 0, with their time', async () => {
  const { data } = await module.series(editor, {
    metric: 'sale',
    interval: 'HOUR',
    to: '2026-01-01T03:00:00Z',
  })
  expect(data?.series).toEqual([
    {
      key: null,
      points: [
        { at: '2026-01-01T00:00:00.000Z', value: 1 },
        { at: '2026-01-01T01:00:00.000Z', value: 0 },
        { at: '2026-01-01T02:00:00.000Z', value: 0 },
      ],
    },
  ])
})

test('a metric nobody has heard of is 0 all the time', async () => {
  expect(await module.values(editor, { metric: 'nothing' })).toEqual({ null: [0, 0, 0] })
  expect(await module.values(editor, { metric: 'nothing', groupBy: 'country' })).toEqual({})
})

test('by dimension, the most frequent first; what lacks it has none', async () => {
  const { data } = await module.series(editor, { metric: 'sale', groupBy: 'country' })
  expect(data?.series).toMatchObject([{ key: 'DE' }, { key: 'AT' }, { key: null }])
  expect(await module.values(editor, { metric: 'sale', groupBy: 'country' })).toEqual({
    DE: [1, 1, 0],
    AT: [1, 0, 0],
    null: [0, 0, 1],
  })
  expect(await module.values(editor, { metric: 'sale', groupBy: 'vip', aggregate: 'SUM' })).toEqual({
    true: [20, 0, 0],
    null: [10, 30, -5],
  })
})

test.each<[object, number[]]>([
  [{ country: 'DE' }, [1, 1, 0]],
  [{ country: ['DE', 'AT'] }, [2, 1, 0]],
  [{ country: 'DE', size: 1 }, [1, 0, 0]],
  [{ size: '1' }, [0, 0, 0]],
  [{ "country'; --": 'DE' }, [0, 0, 0]],
])('filtered by %j', async (filter, expected) => {
  expect(await module.values(editor, { metric: 'sale', filter })).toEqual({ null: expected })
})

test.each<[string, object]>([
  ['too many points', { interval: 'MINUTE' }],
  ['a range backwards', { to: '2025-01-01T00:00:00Z' }],
  ['times the database cannot hold', { from: '0000-01-01T00:00:00Z', to: '0000-01-01T00:00:01Z' }],
  ['a filter that is none', { filter: 'x' }],
  ['a nested filter', { filter: { country: { eq: 'DE' } } }],
  ['null in a filter', { filter: { country: null } }],
  ['a NUL in a metric', { metric: 'a\0b' }],
  ['a NUL in a dimension', { groupBy: 'a\0b' }],
])('%s is refused', async (_what, input) => {
  expect(codesOf(await module.series(editor, { metric: 'sale', ...input }))).toEqual(['BAD_USER_INPUT'])
})

describe('track', () => {
  test('counts an event id once, in one call and over many', async () => {
    const event = { id: 'once', metric: 'once', at: '2026-01-01T00:00:00Z' }
    expect((await module.track(server, [event, event])).data?.track).toEqual({ accepted: 1, duplicates: 1 })
    const again = await Promise.all([
      module.track(server, [event]),
      module.track(member, [{ ...event, metric: 'twice' }]),
    ])
    expect(again.map(({ data }) => data?.track)).toEqual([
      { accepted: 0, duplicates: 1 },
      { accepted: 0, duplicates: 1 },
    ])
    expect(await module.values(editor, { metric: 'once' })).toEqual({ null: [1, 0, 0] })
    expect(await module.values(editor, { metric: 'twice' })).toEqual({ null: [0, 0, 0] })
  })

  test('takes a thousand at once and no more; of none nothing', async () => {
    const events = Array.from({ length: 1001 }, (_unused, index) => ({
      id: `many-${index}`,
      metric: 'many',
      at: '2026-01-02T00:00:00Z',
    }))
    expect(codesOf(await module.track(server, events))).toEqual(['BAD_USER_INPUT'])
    expect((await module.track(server, events.slice(1))).data?.track).toEqual({
      accepted: 1000,
      duplicates: 0,
    })
    expect(await module.values(editor, { metric: 'many', aggregate: 'SUM' })).toEqual({ null: [0, 1000, 0] })
    expect((await module.track(server, [])).data?.track).toEqual({ accepted: 0, duplicates: 0 })
  })

  test.each<[string, object]>([
    ['a metric of the platform', { metric: 'data.record.created' }],
    ['no metric', { metric: '' }],
    ['a metric too long', { metric: 'x'.repeat(201) }],
    ['no id', { id: '' }],
    ['a NUL in the id', { id: 'a\0' }],
    ['a time too far ahead', { at: '2099-01-01T00:00:00Z' }],
    ['a time too long ago', { at: '1969-12-31T23:59:59Z' }],
    ['a value that would overflow', { value: 1e300 }],
    ['dimensions that are a list', { dimensions: ['x'] }],
    ['nested dimensions', { dimensions: { a: { b: 1 } } }],
    ['null as a dimension', { dimensions: { a: null } }],
    ['a text too long', { dimensions: { a: 'x'.repeat(257) } }],
    [
      'too many dimensions',
      { dimensions: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`d${i}`, i])) },
    ],
  ])('refuses %s, and all that came with it', async (_what, fault) => {
    const good = { id: crypto.randomUUID(), metric: 'good' }
    const answer = await module.track(server, [good, { id: crypto.randomUUID(), metric: 'x', ...fault }])
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT'])
    expect((await module.track(server, [good])).data?.track).toEqual({ accepted: 1, duplicates: 0 })
  })
})

describe('another client', () => {
  const { editor: stranger, server: strangersServer } = viewersOf('globex')

  test('sees nothing, and its ids are its own', async () => {
    expect(await module.values(stranger, { metric: 'sale' })).toEqual({ null: [0, 0, 0] })
    expect(await module.values(stranger, { metric: 'sale', groupBy: 'country' })).toEqual({})
    const event = { id: '1', metric: 'sale', at: '2026-01-02T00:00:00Z', userId: 'u1' }
    expect((await module.track(strangersServer, [event])).data?.track).toEqual({ accepted: 1, duplicates: 0 })
    expect(await module.values(editor, { metric: 'sale' })).toEqual({ null: [2, 1, 1] })
    const { data } = await module.activity(stranger, ['u1', 'u2'], {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-04T00:00:00Z',
    })
    expect(data?._entities).toMatchObject([
      { id: 'u1', activity: [{ key: 'sale', points: [{ value: 0 }, { value: 1 }, { value: 0 }] }] },
      { id: 'u2', activity: [] },
    ])
  })
})
