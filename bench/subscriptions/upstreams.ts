import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type GraphQLSchema, graphql, parse } from 'graphql'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { createFeed } from './feed.ts'
import { feedSdl, peopleSdl, personOf } from './scenario.ts'

// A process of its own: both subgraphs behind one port, told apart by the path. It publishes when it is told to, and
// counts what it is asked.

/** What was asked since this was last said. `subscriptions` are those open now. */
export type UpstreamCounts = { people: number; subscriptions: number }

const feed = createFeed()
let people = 0

const schemas: Readonly<Record<string, GraphQLSchema>> = {
  '/feed/graphql': buildSubgraphSchema([
    { typeDefs: parse(feedSdl), resolvers: { Subscription: { posted: { subscribe: feed.read } } } },
  ]),
  '/people/graphql': buildSubgraphSchema([
    {
      typeDefs: parse(peopleSdl),
      resolvers: { Person: { __resolveReference: ({ id }: { id: string }) => personOf(id) } },
    },
  ]),
}

const server = createServer(async (request, response) => {
  if (request.url?.startsWith('/people')) people += 1
  await answer(request, response)
})
const sockets = new WebSocketServer({ server, path: '/feed/graphql' })
serveGraphqlWs({ schema: schemas['/feed/graphql'] }, sockets)

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('message', (order) => {
  if (order === 'publish') return feed.publish()
  process.send?.({ people, subscriptions: feed.readers() } satisfies UpstreamCounts)
  people = 0
})
process.on('disconnect', () => process.exit(0))

async function answer(request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const schema = schemas[request.url ?? '']
  if (!schema) return response.writeHead(404).end()
  const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks).toString())
  const result = await graphql({ schema, source: query, variableValues: variables, operationName })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
}
