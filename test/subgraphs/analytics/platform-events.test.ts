import { PrismaPg } from '@prisma/adapter-pg'
import type { Bus } from '../../../events/bus/bus.ts'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { openModuleLog } from '../../../events/log/module-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { type Prisma, PrismaClient } from '../../../prisma/generated/analytics/client.ts'
import { createPlatformCounter } from '../../../subgraphs/analytics/count-platform-events.ts'
import { eventually } from '../../support/eventually.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type AnalyticsModule, startAnalyticsModule, type WireSeries } from './analytics-module.ts'

const { user, editor, member } = viewersOf('acme')

let module: AnalyticsModule
let bus: Bus
beforeAll(async () => {
  module = await startAnalyticsModule()
  bus = await openPostgresBus({ databaseUrl: String(module.env.TRELLIS_BUS_URL), log: silentLog })
})
afterAll(async () => {
  await bus.close()
  await module.close()
})

function eventOf(fields: Partial<PlatformEvent>): PlatformEvent {
  return {
    id: crypto.randomUUID(),
    source: 'data',
    type: 'data.record.created',
    subject: crypto.randomUUID(),
    client: 'acme',
    actor: 'user:a-member',
    time: '2026-01-02T10:00:00.000Z',
    traceparent: null,
    dataVersion: 1,
    data: { collection: 'orders' },
    ...fields,
  }
}

test('every platform event is a metric of its client, once, however often it is delivered', async () => {
  const event = eventOf({})
  await bus.publish([event])
  await bus.publish([event, eventOf({ data: { collection: 'tasks' } })])
  await bus.publish([
    eventOf({ client: 'globex' }),
    eventOf({ type: 'users.user.signed_in', source: 'users', actor: 'key:k' }),
  ])
  await eventually('the last event is counted', async () => {
    const values = await module.values(editor, { metric: 'users.user.signed_in' })
    return values.null?.[1] === 1
  })
  const metric = 'data.record.created'
  expect(await module.values(editor, { metric })).toEqual({ null: [0, 2, 0] })
  expect(await module.values(editor, { metric, groupBy: 'collection' })).toEqual({
    orders: [0, 1, 0],
    tasks: [0, 1, 0],
  })
  expect(await module.values(editor, { metric, aggregate: 'UNIQUES' })).toEqual({ null: [0, 1, 0] })
})

test('what the bus has forgotten and delivers again, also to two instances at once, is counted once', async () => {
  await using opened = new AsyncDisposableStack()
  const event = eventOf({ type: 'data.record.updated' })
  const counters = await Promise.all([openCounter(opened), openCounter(opened)])
  await counters[0](event)
  await Promise.all([...counters, ...counters].map((count) => count(event)))
  const values = await module.values(editor, { metric: 'data.record.updated' })
  expect(values).toEqual({ null: [0, 1, 0] })
})

/** As another instance of the module has it. */
async function openCounter(opened: AsyncDisposableStack) {
  const databaseUrl = String(module.env.DATABASE_URL)
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl }) })
  opened.defer(() => db.$disconnect())
  const events = await openModuleLog<Prisma.TransactionClient>({
    ...{ db, databaseUrl, source: 'analytics', bus, log: silentLog },
  })
  opened.defer(events.close)
  return createPlatformCounter({ db, events, log: silentLog })
}

test('what the module itself says is not counted', async () => {
  const own = eventOf({ source: 'analytics', type: 'analytics.metric.updated' })
  const last = eventOf({ source: 'notifications', type: 'notifications.notification.read' })
  await bus.publish([own, last])
  await eventually('the event behind it is counted', async () => {
    const values = await module.values(editor, { metric: last.type })
    return values.null?.[1] === 1
  })
  expect(await module.values(editor, { metric: own.type })).toEqual({ null: [0, 0, 0] })
})

test('one that cannot be counted holds up no other', async () => {
  await using opened = new AsyncDisposableStack()
  const count = await openCounter(opened)
  const events = [eventOf({ type: 'data.collection.defined' }), eventOf({ id: 'a\0b' })]
  const outcomes = await Promise.allSettled(events.map(count))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await module.values(editor, { metric: 'data.collection.defined' })).toEqual({ null: [0, 1, 0] })
})

test('nobody uses up the id of a platform event', async () => {
  const event = eventOf({ type: 'data.record.deleted' })
  await module.track(member, [{ id: event.id, metric: 'mine' }])
  await bus.publish([event])
  await eventually('the event is counted', async () => {
    const values = await module.values(editor, { metric: 'data.record.deleted' })
    return values.null?.[1] === 1
  })
})

describe('activity', () => {
  const range = { from: '2026-02-01T00:00:00Z', to: '2026-02-03T00:00:00Z' }
  const track = (userId: string, metric: string, at: string) =>
    module.track(user(userId, 'MEMBER'), [{ id: crypto.randomUUID(), metric, at }])

  test('has a series for each metric, with the count per day, for each of many users', async () => {
    await track('u1', 'click', '2026-02-01T01:00:00Z')
    await track('u1', 'click', '2026-02-01T23:00:00Z')
    await track('u1', 'buy', '2026-02-02T00:00:00Z')
    await track('u2', 'click', '2026-02-02T12:00:00Z')
    const { data } = await module.activity(editor, ['u1', 'nobody', 'u2', 'u1', 'a\0b'], range)
    const day = (values: number[]) =>
      values.map((value, index) => ({ at: `2026-02-0${index + 1}T00:00:00.000Z`, value }))
    const ofFirst = [
      { key: 'buy', points: day([0, 1]) },
      { key: 'click', points: day([2, 0]) },
    ]
    expect(data?._entities).toEqual([
      { id: 'u1', activity: ofFirst },
      { id: 'nobody', activity: [] },
      { id: 'u2', activity: [{ key: 'click', points: day([0, 1]) }] },
      { id: 'u1', activity: ofFirst },
      { id: 'a\0b', activity: [] },
    ])
  })

  test('is that of the last 30 days, where nothing else is asked for', async () => {
    const { data } = await module.track(member, [{ id: crypto.randomUUID(), metric: 'now' }])
    expect(data?.track).toEqual({ accepted: 1, duplicates: 0 })
    const answer = await module.activity(member, ['a-member'])
    const { _entities } = answer.data as { _entities: { activity: WireSeries[] }[] }
    const now = _entities[0]?.activity.find(({ key }) => key === 'now')
    expect(now?.points.reduce((sum, { value }) => sum + value, 0)).toBe(1)
    expect(now?.points.length).toBeGreaterThanOrEqual(30)
  })

  test.each<[string, object]>([
    ['more than a year', { from: '2020-01-01T00:00:00Z', to: '2022-01-01T00:00:00Z' }],
    ['a range backwards', { from: '2022-01-01T00:00:00Z', to: '2020-01-01T00:00:00Z' }],
  ])('%s is refused, for that field alone', async (_what, wrong) => {
    const answer = await module.activity(editor, ['u1', 'u2'], wrong)
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT'])
    expect(answer.data?._entities).toEqual([
      { id: 'u1', activity: null },
      { id: 'u2', activity: null },
    ])
  })
})
