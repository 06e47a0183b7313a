import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import { type DocumentNode, graphql } from 'graphql'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import type { Resolvers } from './federation-case.ts'

export type RunningSubgraph = {
  url: string
  /** Every operation received, oldest first. */
  calls: { query: string; variables: Record<string, unknown>; headers: IncomingMessage['headers'] }[]
  /** Extensions of every subscribe message received. */
  subscribes: (Record<string, unknown> | null | undefined)[]
  /** Open WebSockets. */
  sockets(): number
  /** Ends at once, as a crash does. */
  kill(): Promise<void>
}

/** A real subgraph on a port of its own: HTTP and graphql-transport-ws on `/graphql`. */
export async function startSubgraph(typeDefs: DocumentNode, resolvers: Resolvers): Promise<RunningSubgraph> {
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as GraphQLResolverMap }])
  const calls: RunningSubgraph['calls'] = []
  const subscribes: RunningSubgraph['subscribes'] = []
  const server = createServer(async (request, response) => {
    const { query, variables, operationName } = JSON.parse(await readBody(request))
    calls.push({ query, variables, headers: request.headers })
    const result = await graphql({ schema, source: query, variableValues: variables, operationName })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
  })
  const sockets = new WebSocketServer({ server, path: '/graphql' })
  serveGraphqlWs(
    { schema, onSubscribe: (_context, _id, { extensions }) => void subscribes.push(extensions) },
    sockets,
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    subscribes,
    sockets: () => sockets.clients.size,
    async kill() {
      if (!server.listening) return
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
