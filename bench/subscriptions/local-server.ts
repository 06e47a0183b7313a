import { createServer } from 'node:http'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { createFeed } from './feed.ts'
import { localSdl, type Message, personOf } from './scenario.ts'

// graphql-ws' own server, as its documentation has it, with all data at hand: what a fan-out costs without a gateway.
// Argument: the port. It publishes when it is told to.
const feed = createFeed()
const schema = makeExecutableSchema({
  typeDefs: localSdl,
  resolvers: {
    Subscription: { posted: { subscribe: feed.read } },
    Message: { author: ({ author }: Message) => personOf(author.id) },
  },
})
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
})
serveGraphqlWs({ schema }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(Number(process.argv[2]), '127.0.0.1')
process.on('message', (order) => {
  if (order === 'publish') feed.publish()
})
process.on('disconnect', () => process.exit(0))
