import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApolloServer, HeaderMap } from '@apollo/server'
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type DocumentNode, type GraphQLSchema, parse } from 'graphql'
import { useServer as serveGraphqlWs } from 'graphql-ws/use/ws'
import { createRemoteJWKSet, type JWK } from 'jose'
import { WebSocketServer } from 'ws'
import { createGatewayTokenVerifier, type GatewayTokenClaims } from '../../foundation/gateway-token.ts'

type Modules = Extract<Parameters<typeof buildSubgraphSchema>[0], unknown[]>
type Resolvers = NonNullable<Exclude<Modules[number], DocumentNode>['resolvers']>

export type TestSubgraphOptions = {
  name: string
  sdl: string
  resolvers: Resolvers
  gatewayUrl: string
  credential: string
  /** Of the access tokens it issues, as the users module does. */
  tokenKeys?: JWK[]
}

export type TestSubgraph = {
  id: string
  url: string
  /** The callers of the operations so far, as their tokens say. */
  callers: GatewayTokenClaims[]
  /** Registers, or registers anew with another schema, in one request; its lease is then renewed until it is closed. */
  register(changes?: {
    sdl?: string
    resolvers?: Resolvers
    credential?: string
    id?: string
  }): Promise<Response>
  close(): Promise<void>
}

/** A third of a lease. */
const renewEveryMs = 5_000

export const federation = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@tag", "@external", "@requires"])\n`

/** A subgraph as a module is one, without a database: real HTTP, real WebSocket, the gateway's token checked. */
export async function startTestSubgraph(options: TestSubgraphOptions): Promise<TestSubgraph> {
  const { name, gatewayUrl, tokenKeys } = options
  const id = crypto.randomUUID()
  const callers: GatewayTokenClaims[] = []
  const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl))
  const verifyToken = createGatewayTokenVerifier(name, jwks)
  const verify = async (token: string | undefined) => {
    const { viewer, depth } = await verifyToken(token)
    const claims = { viewer, depth }
    callers.push(claims)
    return claims
  }
  let { sdl, resolvers } = options
  let schema = buildSchema(sdl, resolvers)
  let apollo = await startApollo(schema)
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return response.end('{}')
    await answer(request, response, { apollo, verify })
  })
  const sockets = new WebSocketServer({ server, path: '/graphql' })
  const graphqlWs = serveGraphqlWs(
    {
      schema: () => schema,
      context: async (_context, _id, { extensions }) => ({ claims: await verify(String(extensions?.token)) }),
    },
    sockets,
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  // One after the other: no renewal brings back what was registered before it.
  let last: Promise<unknown> = Promise.resolve()
  let renew: (() => Promise<Response>) | null = null
  const inTurn = <Sent>(send: () => Promise<Sent>) => {
    const sent = last.then(send)
    last = sent.catch(() => undefined)
    return sent
  }
  const renewing = setInterval(() => {
    // What is registered when its turn comes. A gateway that is away is part of many a test.
    inTurn(async () => renew?.()).catch(() => undefined)
  }, renewEveryMs).unref()

  return {
    id,
    url,
    callers,
    async register(changes = {}) {
      if (changes.sdl !== undefined || changes.resolvers !== undefined) {
        sdl = changes.sdl ?? sdl
        resolvers = changes.resolvers ?? resolvers
        schema = buildSchema(sdl, resolvers)
        await apollo.stop()
        apollo = await startApollo(schema)
      }
      const instance = `${gatewayUrl}/modules/${name}/instances/${changes.id ?? id}`
      const request = {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${changes.credential ?? options.credential}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ sdl: federation + sdl, version: '1', url, tokenKeys }),
      }
      const send = () => fetch(instance, request)
      const response = await inTurn(send)
      if (response.ok && changes.id === undefined) renew = send
      return response
    },
    async close() {
      clearInterval(renewing)
      if (!server.listening) return
      await graphqlWs.dispose()
      server.closeAllConnections()
      server.close()
      await apollo.stop()
    },
  }
}

/** A schema that is no subgraph can still be registered, to be refused. */
function buildSchema(sdl: string, resolvers: Resolvers): GraphQLSchema {
  try {
    return buildSubgraphSchema([{ typeDefs: parse(federation + sdl), resolvers }])
  } catch {
    return buildSubgraphSchema([{ typeDefs: parse(`${federation} type Query { broken: String }`) }])
  }
}

async function startApollo(schema: GraphQLSchema): Promise<ApolloServer<{ claims: GatewayTokenClaims }>> {
  const apollo = new ApolloServer<{ claims: GatewayTokenClaims }>({
    schema,
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  })
  await apollo.start()
  return apollo
}

type Answering = {
  apollo: ApolloServer<{ claims: GatewayTokenClaims }>
  verify(token: string | undefined): Promise<GatewayTokenClaims>
}

async function answer(request: IncomingMessage, response: ServerResponse, { apollo, verify }: Answering) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = new HeaderMap()
  for (const [header, value] of Object.entries(request.headers)) headers.set(header, String(value))
  const result = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'POST',
      headers,
      search: '',
      body: JSON.parse(Buffer.concat(chunks).toString()),
    },
    context: async () => ({ claims: await verify(request.headers.authorization?.replace('Bearer ', '')) }),
  })
  response.writeHead(result.status ?? 200, Object.fromEntries(result.headers))
  response.end(result.body.kind === 'complete' ? result.body.string : '')
}
