import type { ClientViewer } from '../../../foundation/viewer.ts'
import { start } from '../../../subgraphs/analytics/main.ts'
import { type Answer, type ModuleUnderTest, startModuleUnderTest } from '../../support/module-under-test.ts'

export type Point = { at: string; value: number }
export type WireSeries = { key: string | null; points: Point[] }

export type AnalyticsModule = ModuleUnderTest & {
  track(viewer: ClientViewer, events: readonly object[]): Promise<Answer>
  series(viewer: ClientViewer, input: object): Promise<Answer>
  /** The values of each series by its key; throws with the answer when it has errors. */
  values(viewer: ClientViewer, input: object): Promise<Record<string, number[]>>
  activity(viewer: ClientViewer, userIds: readonly string[], range?: object): Promise<Answer>
}

export async function startAnalyticsModule(): Promise<AnalyticsModule> {
  const module = await startModuleUnderTest('analytics', start)
  const series: AnalyticsModule['series'] = (viewer, input) =>
    module.ask(
      viewer,
      `query ($metric: String!, $aggregate: Aggregate, $from: DateTime!, $to: DateTime!, $interval: Interval!, $groupBy: String, $filter: JSON) {
        series(metric: $metric, aggregate: $aggregate, from: $from, to: $to, interval: $interval, groupBy: $groupBy, filter: $filter) {
          key points { at value } } }`,
      { from: '2026-01-01T00:00:00Z', to: '2026-01-04T00:00:00Z', interval: 'DAY', ...input },
    )
  return {
    ...module,
    track: (viewer, events) =>
      module.ask(
        viewer,
        'mutation ($events: [TrackInput!]!) { track(events: $events) { accepted duplicates } }',
        { events },
      ),
    series,
    async values(viewer, input) {
      const answer = await series(viewer, input)
      if (answer.errors) throw new Error(`Errors: ${JSON.stringify(answer)}`)
      const found = answer.data?.series as WireSeries[]
      return Object.fromEntries(
        found.map(({ key, points }) => [String(key), points.map(({ value }) => value)]),
      )
    },
    activity: (viewer, userIds, range) =>
      module.ask(
        viewer,
        `query ($of: [_Any!]!, $from: DateTime, $to: DateTime) { _entities(representations: $of) {
          ... on User { id activity(from: $from, to: $to) { key points { at value } } } } }`,
        { of: userIds.map((id) => ({ __typename: 'User', id })), ...range },
      ),
  }
}
