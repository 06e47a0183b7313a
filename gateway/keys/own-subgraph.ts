import { buildSubgraphSchema } from '@apollo/subgraph'
import { type DocumentNode, execute, parse } from 'graphql'
import { LRUCache } from 'lru-cache'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { ownModule } from '../registry/own-module.ts'
import { tellOutages } from '../registry/registry-outage.ts'
import { refuseUnstorable } from '../registry/storable-arguments.ts'
import { createShowError } from '../supergraph/show-error.ts'
import type { Subgraph, SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { createKeyResolvers, type KeysOptions } from './key-resolvers.ts'

const keptDocuments = 500

/** The gateway's own part of every client's graph, answered in this process. */
export function createOwnSubgraph(options: KeysOptions, log: Log): Subgraph {
  const resolvers = createKeyResolvers(options)
  const executable = buildSubgraphSchema([{ typeDefs: parse(ownModule.sdl), resolvers }])
  const schema = tellOutages(refuseUnstorable(executable))
  const show = createShowError(log)
  const documents = new LRUCache<string, DocumentNode>({ max: keptDocuments })
  const read = (text: string) => {
    const document = documents.get(text) ?? parse(text, { noLocation: true })
    documents.set(text, document)
    return document
  }
  return {
    async fetch({ document, operationName, variables, caller }) {
      const { data, errors } = await execute({
        schema,
        document: read(document),
        operationName,
        variableValues: variables,
        contextValue: caller,
      })
      const response: SubgraphResponse = { data: data ?? null, ...(errors && { errors: errors.map(show) }) }
      // As it would come over the wire: dates are text.
      return JSON.parse(JSON.stringify(response))
    },
    // biome-ignore lint/correctness/useYield: there is nothing to subscribe to
    async *subscribe() {
      throw new TrellisError('SUBGRAPH_UNAVAILABLE', 'There are no subscriptions here.')
    },
  }
}
