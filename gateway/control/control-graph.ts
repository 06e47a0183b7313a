import { readFile } from 'node:fs/promises'
import { makeExecutableSchema } from '@graphql-tools/schema'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { tellOutages } from '../registry/registry-outage.ts'
import { refuseUnstorable } from '../registry/storable-arguments.ts'
import { createApolloAnswering } from '../supergraph/answer-through-apollo.ts'
import { createApolloServer } from '../supergraph/apollo-server.ts'
import type { Graph } from '../supergraph/graph.ts'
import { createShowError } from '../supergraph/show-error.ts'
import { withinLimits } from '../supergraph/within-limits.ts'
import type { AskDesk } from './ask-desk.ts'
import type { BusAccess } from './bus-access.ts'
import { createChangeResolvers } from './change-resolvers.ts'
import { type ControlOptions, createControlResolvers } from './control-resolvers.ts'
import { createSubscribeControl } from './control-subscription.ts'
import { createEventResolvers } from './event-resolvers.ts'
import { createEventSubscriptions } from './event-subscriptions.ts'
import { createGenerationResolvers, type GenerationAccess } from './generation-resolvers.ts'
import { createPluginResolvers } from './plugin-resolvers.ts'
import type { ReadLambdaStats } from './read-lambda-stats.ts'
import { createReleaseResolvers, type ReleaseOptions } from './release-resolvers.ts'
import { createSettingsResolvers, type SettingsOptions } from './settings-resolvers.ts'
import { createStatsResolvers } from './stats-resolvers.ts'

/** The graph of operators and deployers. It is composed into no client's supergraph. */
export async function createControlGraph(
  options: ControlOptions &
    SettingsOptions &
    ReleaseOptions & {
      bus: BusAccess
      generations: GenerationAccess
      readStats: ReadLambdaStats
      askDesk: AskDesk
    },
  log: Log,
): Promise<{ graph: Graph; close: Close }> {
  const typeDefs = await readFile(new URL('../../schema/control.graphql', import.meta.url), 'utf8')
  const hasClient = (slug: string) => options.state().clients.has(slug)
  const executable = makeExecutableSchema({
    typeDefs,
    resolvers: [
      createControlResolvers(options),
      createEventResolvers({ ...options, access: options.bus, hasClient }),
      createEventSubscriptions(options.bus),
      createGenerationResolvers(options.generations, options.db),
      createSettingsResolvers(options),
      createReleaseResolvers(options),
      createStatsResolvers(options.readStats),
      createChangeResolvers(options.db),
      createPluginResolvers({ ...options, hasClient }),
    ],
  })
  const schema = tellOutages(refuseUnstorable(executable))
  const apollo = createApolloServer({ schema, plugins: [withinLimits] }, log)
  await apollo.start()
  const graph: Graph = {
    schema,
    ...createApolloAnswering(apollo),
    subscribe: createSubscribeControl(schema, createShowError(log)),
  }
  return { graph, close: () => apollo.stop() }
}
