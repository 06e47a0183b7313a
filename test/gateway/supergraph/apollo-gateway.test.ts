import { type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { GraphQLError } from 'graphql'
import { createApolloGateway, fromDataSources } from '../../../gateway/supergraph/apollo-gateway.ts'
import { parseSubgraph } from '../../federation/compose.ts'
import { type RunningSubgraph, startSubgraph } from '../../federation/start-subgraph.ts'
import { postQuery } from '../../support/gateway-under-test.ts'
import { composeSupergraph, startSupergraphUnderTest } from '../../support/supergraph-under-test.ts'

type TeamContext = { tenant: string }

const sources = {
  products: {
    sdl: 'type Query { product: Product } type Subscription { ticks: Int } type Product @key(fields: "id") { id: ID! name: String }',
    resolvers: { Query: { product: () => ({ id: '1', name: 'Chair' }) } },
  },
  stock: {
    sdl: 'type Query { refused: Int } type Product @key(fields: "id") { id: ID! inStock: Int }',
    resolvers: { Product: { inStock: () => 3 } },
  },
}

/** As a team has it: headers by context, answers looked at, some calls refused. */
class TeamDataSource extends RemoteGraphQLDataSource<TeamContext> {
  received: unknown[] = []

  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<TeamContext>) {
    if (request.query?.includes('refused')) {
      throw new GraphQLError('Not for this tenant.', { extensions: { code: 'TENANT_REFUSED' } })
    }
    request.http?.headers.set('x-tenant', context.tenant ?? 'none')
  }

  override didReceiveResponse({
    response,
  }: Parameters<NonNullable<RemoteGraphQLDataSource<TeamContext>['didReceiveResponse']>>[0]) {
    this.received.push(response.data)
    return response
  }
}

describe("in the place of Apollo's gateway, in a team's own Apollo Server", () => {
  const running: Record<string, RunningSubgraph> = {}
  const dataSources: TeamDataSource[] = []
  let server: ApolloServer<TeamContext>

  beforeAll(async () => {
    for (const [name, { sdl, resolvers }] of Object.entries(sources)) {
      running[name] = await startSubgraph(parseSubgraph(sdl), resolvers)
    }
    const gateway = createApolloGateway({
      supergraphSdl: composeSupergraph(sources, (name) => `${running[name]?.url}/graphql`),
      buildService({ url }) {
        const dataSource = new TeamDataSource({ url })
        dataSources.push(dataSource)
        return dataSource
      },
    })
    server = new ApolloServer<TeamContext>({ gateway, stopOnTerminationSignals: false })
    await server.start()
  })
  afterAll(async () => {
    await server.stop()
    for (const subgraph of Object.values(running)) await subgraph.kill()
  })

  const ask = async (query: string, variables?: Record<string, unknown>) => {
    const { body } = await server.executeOperation(
      { query, ...(variables && { variables }) },
      { contextValue: { tenant: 'acme' } },
    )
    if (body.kind !== 'single') throw new Error('An answer in parts.')
    return JSON.parse(JSON.stringify(body.singleResult))
  }

  test('a data source of its own is called for every fetch, with the context of the operation', async () => {
    expect(await ask('{ product { name stock: inStock } }')).toEqual({
      data: { product: { name: 'Chair', stock: 3 } },
    })
    for (const { calls } of Object.values(running)) {
      expect(calls.at(-1)?.headers).toMatchObject({ 'x-tenant': 'acme' })
    }
    expect(dataSources.flatMap(({ received }) => received)).toHaveLength(2)
  })

  test('what its hooks refuse is an error of the field', async () => {
    expect(await ask('{ refused }')).toMatchObject({
      data: { refused: null },
      errors: [
        { message: 'Not for this tenant.', path: ['refused'], extensions: { code: 'TENANT_REFUSED' } },
      ],
    })
  })

  test('what the document has wrong is said as Apollo Server says it', async () => {
    expect(await ask('{ nope }')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
    expect(await ask('query ($on: Boolean!) { product @include(if: $on) { name } }')).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
    expect(await ask('subscription { ticks }')).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('a subgraph that is gone nulls its own fields, and no address is told', async () => {
    await running.stock?.kill()
    const { data, errors } = await ask('{ product { name inStock } }')
    expect(data).toEqual({ product: { name: 'Chair', inStock: null } })
    expect(errors).toMatchObject([
      { path: ['product', 'inStock'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } },
    ])
    expect(JSON.stringify(errors)).not.toContain('127.0.0.1')
  })
})

test('without data sources subgraphs are called at the URLs that the supergraph names', async () => {
  const { products } = sources
  const subgraph = await startSubgraph(parseSubgraph(products.sdl), products.resolvers)
  const supergraphSdl = composeSupergraph({ products }, () => `${subgraph.url}/graphql`)
  const server = new ApolloServer({
    gateway: createApolloGateway({ supergraphSdl }),
    stopOnTerminationSignals: false,
  })
  await server.start()
  const { body } = await server.executeOperation({ query: '{ product { name } }' })
  expect(body).toMatchObject({ singleResult: { data: { product: { name: 'Chair' } } } })
  await server.stop()
  await subgraph.kill()
})

test('a server whose supergraph is none does not start', async () => {
  const gateway = createApolloGateway({ supergraphSdl: 'type Query { a: Int }' })
  const ignore = () => undefined
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const server = new ApolloServer({ gateway, logger, stopOnTerminationSignals: false })
  await expect(server.start()).rejects.toThrow('not a supergraph')
})

test('the gateway for one supergraph takes data sources, and gives them the headers that are passed on', async () => {
  const seen: unknown[] = []
  class Seeing extends RemoteGraphQLDataSource {
    override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions) {
      seen.push(context.headers)
      request.http?.headers.set('x-by', 'data source')
    }
  }
  const gateway = await startSupergraphUnderTest(sources, {
    forward: ['x-tenant'],
    buildService: fromDataSources(({ url }) => new Seeing({ url })),
  })
  expect(await postQuery(gateway.url, { query: '{ product { name } }' }, { 'x-tenant': 'acme' })).toEqual({
    status: 200,
    data: { product: { name: 'Chair' } },
  })
  expect(seen).toEqual([{ 'x-tenant': 'acme' }])
  expect(gateway.subgraphs.products?.calls[0]?.headers).toMatchObject({ 'x-by': 'data source' })
  await gateway.close()
})
