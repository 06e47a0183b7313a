import type { ClientViewer } from '../../../foundation/viewer.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type AnalyticsModule, startAnalyticsModule } from './analytics-module.ts'

/** The table "Who is calling, and what that allows", as far as it is about analytics: a test a cell. */
const { frontend, member, editor, admin, server, partner, deployer } = viewersOf('acme')
const viewers = { frontend, member, editor, admin, server, partner, deployer } as const
type Who = keyof typeof viewers
const viewerNamed = (who: Who): ClientViewer => viewers[who]

let module: AnalyticsModule
beforeAll(async () => {
  module = await startAnalyticsModule()
})
afterAll(() => module.close())

describe.each<[Who, { track: boolean; trackForOthers: boolean; series: boolean; activityOfOthers: boolean }]>(
  [
    ['frontend', { track: false, trackForOthers: false, series: false, activityOfOthers: false }],
    ['member', { track: true, trackForOthers: false, series: false, activityOfOthers: false }],
    ['editor', { track: true, trackForOthers: false, series: true, activityOfOthers: true }],
    ['admin', { track: true, trackForOthers: true, series: true, activityOfOthers: true }],
    ['server', { track: true, trackForOthers: true, series: true, activityOfOthers: true }],
    ['partner', { track: false, trackForOthers: false, series: true, activityOfOthers: false }],
    ['deployer', { track: false, trackForOthers: false, series: false, activityOfOthers: false }],
  ],
)('%s', (who, may) => {
  const viewer = viewerNamed(who)
  const codes = (allowed: boolean) => (allowed ? [] : ['FORBIDDEN'])

  test(`tracks: ${may.track}`, async () => {
    const answer = await module.track(viewer, [{ id: crypto.randomUUID(), metric: 'x' }])
    expect(codesOf(answer)).toEqual(codes(may.track))
    expect(answer.data?.track).toEqual(may.track ? { accepted: 1, duplicates: 0 } : null)
  })

  test(`tracks what others did: ${may.trackForOthers}`, async () => {
    const answer = await module.track(viewer, [{ id: crypto.randomUUID(), metric: 'x', userId: 'somebody' }])
    expect(codesOf(answer)).toEqual(codes(may.trackForOthers))
  })

  test(`reads series: ${may.series}`, async () => {
    const answer = await module.series(viewer, { metric: 'x' })
    expect(codesOf(answer)).toEqual(codes(may.series))
    expect(Array.isArray(answer.data?.series)).toBe(may.series)
  })

  test(`sees the activity of others: ${may.activityOfOthers}`, async () => {
    const answer = await module.activity(viewer, ['somebody'])
    expect(codesOf(answer)).toEqual(codes(may.activityOfOthers))
    expect(answer.data?._entities).toEqual([
      { id: 'somebody', activity: may.activityOfOthers ? expect.any(Array) : null },
    ])
  })
})

test('a user sees the own activity', async () => {
  const { errors, data } = await module.activity(member, ['a-member'])
  expect(errors).toBeUndefined()
  expect(data?._entities).toEqual([{ id: 'a-member', activity: expect.any(Array) }])
})

test('nobody at all is refused', async () => {
  const { status, answer } = await module.post(undefined, '{ series(metric: "x") { key } }')
  expect([status, codesOf(answer)]).toEqual([401, ['UNAUTHENTICATED']])
})
