import type { GraphQLResolverMap } from '@apollo/subgraph'
import type { AnalyticsContext } from './context.ts'
import { type MetricUpdatedInput, metricUpdated } from './metric-updated.ts'
import { readSeries, type SeriesInput } from './read-series.ts'
import { type TrackInput, track } from './track.ts'
import { type ActivityInput, userActivity } from './user-activity.ts'

export const analyticsResolvers: GraphQLResolverMap<AnalyticsContext> = {
  Query: {
    series: (_root, input: SeriesInput, context) => readSeries(context, input),
  },
  Mutation: {
    track: (_root, input: { events: TrackInput[] }, context) => track(context, input),
  },
  Subscription: {
    metricUpdated: {
      subscribe: (_root: unknown, input: MetricUpdatedInput, context: AnalyticsContext) =>
        metricUpdated(context, input),
    },
  },
  User: {
    // Whether there is such a user, the users module says.
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    activity: ({ id }: { id: string }, range: ActivityInput, context) => userActivity(context, id, range),
  },
}
