import { readFile } from 'node:fs/promises'
import { makeExecutableSchema } from '@graphql-tools/schema'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { createApolloServer } from '../supergraph/apollo-server.ts'
import type { Graph } from '../supergraph/graph.ts'
import { type ControlOptions, createControlResolvers } from './control-resolvers.ts'

/** The graph of operators and deployers. It is composed into no client's supergraph. */
export async function createControlGraph(
  options: ControlOptions,
  log: Log,
): Promise<{ graph: Graph; close: Close }> {
  const typeDefs = await readFile(new URL('../../schema/control.graphql', import.meta.url), 'utf8')
  const schema = makeExecutableSchema({ typeDefs, resolvers: createControlResolvers(options) })
  const apollo = createApolloServer({ schema }, log)
  await apollo.start()
  const graph: Graph = {
    schema,
    apollo,
    async subscribe() {
      return {
        errors: [new TrellisError('BAD_USER_INPUT', 'There are no subscriptions in the control schema yet.')],
      }
    },
  }
  return { graph, close: () => apollo.stop() }
}
