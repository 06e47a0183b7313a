import { rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'graphql-ws'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { WebSocket } from 'ws'
import type { Log } from '../../foundation/log.ts'
import { silentLog } from '../../foundation/log.ts'
import { createSupergraphGateway } from '../../gateway/create-supergraph-gateway.ts'
import { eventually } from '../support/eventually.ts'
import { postQuery } from '../support/gateway-under-test.ts'
import {
  composeSupergraph,
  type Subgraphs,
  type SupergraphUnderTest,
  startSupergraphUnderTest,
} from '../support/supergraph-under-test.ts'

const sources: Subgraphs = {
  products: {
    sdl: `
      type Query { product: Product }
      type Subscription { productChanged: Product }
      type Product @key(fields: "id") { id: ID!  name: String }`,
    resolvers: {
      Query: { product: () => ({ id: '1', name: 'Chair' }) },
      Subscription: {
        productChanged: {
          async *subscribe() {
            yield { productChanged: { id: '1', name: 'Chair' } }
            yield { productChanged: { id: '2', name: 'Table' } }
          },
        },
      },
    },
  },
  stock: {
    sdl: 'type Query { depots: Int }  type Product @key(fields: "id") { id: ID!  inStock: Int }',
    resolvers: {
      Query: { depots: () => 2 },
      Product: { inStock: ({ id }: { id: string }) => Number(id) * 10 },
    },
  },
}
const smaller = { stock: { sdl: 'type Query { depots: Int }', resolvers: {} } }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

async function start(options: Parameters<typeof startSupergraphUnderTest>[1] = {}) {
  const gateway = await startSupergraphUnderTest(sources, options)
  open.push(gateway)
  return gateway
}

const queryFields = '{ __schema { queryType { fields { name } } } }'

const query = (url: string, text: string, headers = {}) => postQuery(url, { query: text }, headers)
const composeFor = (
  { subgraphs }: SupergraphUnderTest,
  of: Parameters<typeof composeSupergraph>[0] = sources,
) => composeSupergraph(of, (name) => `${subgraphs[name]?.url}/graphql`)

test('answers over several subgraphs, each called where the supergraph says', async () => {
  const gateway = await start()
  expect(await query(gateway.url, '{ product { name inStock } depots }')).toEqual({
    status: 200,
    data: { product: { name: 'Chair', inStock: 10 }, depots: 2 },
  })
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  expect((await fetch(`${gateway.url}/modules/users/instances/1`, { method: 'PUT' })).status).toBe(404)
})

test('subscriptions run over WebSockets, with the rest of the plan for each event', async () => {
  const gateway = await start()
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  })
  const events = []
  for await (const event of client.iterate({ query: 'subscription { productChanged { name inStock } }' })) {
    events.push(event.data)
  }
  await client.dispose()
  expect(events).toEqual([
    { productChanged: { name: 'Chair', inStock: 10 } },
    { productChanged: { name: 'Table', inStock: 20 } },
  ])
})

test('follows its file; what is no supergraph is logged once and leaves the running one', async () => {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (_fields, message) => void errors.push(message) }
  const gateway = await start({ log })
  const fields = async () => JSON.stringify((await query(gateway.url, queryFields)).data)
  const before = await fields()

  await writeFile(gateway.path, 'type Query { not: Supergraph }')
  await eventually('text that is no supergraph is logged', () => errors.length === 1)
  await writeFile(
    gateway.path,
    composeSupergraph(sources, () => 'nowhere'),
  )
  await eventually('an address that is none is logged', () => errors.length === 2)
  expect(await fields()).toBe(before)
  expect(await query(gateway.url, '{ depots }')).toMatchObject({ data: { depots: 2 } })

  // Replaced as editors and mounted configurations do it.
  await writeFile(`${gateway.path}.new`, composeFor(gateway, smaller))
  await rename(`${gateway.path}.new`, gateway.path)
  await eventually('the new one is served', async () => !(await fields()).includes('product'))
  expect(await query(gateway.url, '{ depots }')).toMatchObject({ data: { depots: 2 } })
})

test('a subscription outlasts a supergraph that keeps its subgraph', async () => {
  const next = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  async function* subscribe() {
    begun.resolve()
    await next.promise
    yield { productChanged: { id: '3', name: 'Lamp' } }
  }
  const { products, stock } = sources
  if (!products || !stock) throw new Error('The sources are incomplete.')
  const waiting = {
    products: {
      ...products,
      resolvers: { ...products.resolvers, Subscription: { productChanged: { subscribe } } },
    },
    stock,
  }
  const gateway = await startSupergraphUnderTest(waiting)
  open.push(gateway)
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  })
  const events = client.iterate({ query: 'subscription { productChanged { name inStock } }' })
  const event = events.next()
  await begun.promise
  const larger = { ...waiting, stock: { ...stock, sdl: `${stock.sdl} extend type Query { more: Int }` } }
  await writeFile(gateway.path, composeFor(gateway, larger))
  await eventually('the larger one is served', async () =>
    JSON.stringify((await query(gateway.url, queryFields)).data).includes('more'),
  )
  next.resolve()
  expect((await event).value).toEqual({ data: { productChanged: { name: 'Lamp', inStock: 30 } } })
  await client.dispose()
})

test('reads a supergraph from a URL, with headers, and asks only whether it has changed', async () => {
  const seen: (string | undefined)[] = []
  let sdl = ''
  let version = 1
  const server = createServer((request, response) => {
    seen.push(request.headers['if-none-match'])
    const etag = `"${version}"`
    if (request.headers['x-cdn-key'] !== 'secret') return response.writeHead(403).end()
    if (request.headers['if-none-match'] === etag) return response.writeHead(304).end()
    return response.writeHead(200, { etag }).end(sdl)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  })
  const supergraph = `http://127.0.0.1:${(server.address() as AddressInfo).port}/supergraph`
  const backing = await start()
  sdl = composeFor(backing, smaller)
  const options = { supergraph, pollMs: 20, jwt: null, forward: [], log: silentLog }
  await expect(createSupergraphGateway({ ...options, supergraphHeaders: {} })).rejects.toThrow('403')

  const gateway = await createSupergraphGateway({ ...options, supergraphHeaders: { 'x-cdn-key': 'secret' } })
  open.push(gateway)
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 })
  expect(await query(url, '{ depots }')).toMatchObject({ data: { depots: 2 } })
  await eventually('it asks whether there is a new one', () => seen.includes('"1"'))
  sdl = composeFor(backing)
  version = 2
  await eventually(
    'the new one is served',
    async () => (await query(url, '{ product { id } }')).status === 200,
  )
})

test.each([
  ['a file that is not there', '/nowhere/supergraph.graphql', 'cannot be read'],
  ['a file that is no supergraph', new URL(import.meta.url).pathname, ''],
])('does not start with %s', async (_what, supergraph, message) => {
  const options = { supergraph, supergraphHeaders: {}, pollMs: 20, jwt: null, forward: [], log: silentLog }
  await expect(createSupergraphGateway(options)).rejects.toThrow(message)
})

test('chosen headers reach the subgraphs, no other', async () => {
  const gateway = await start({ forward: ['x-tenant', 'authorization'] })
  const headers = { 'x-tenant': 'acme', authorization: 'Bearer t', cookie: 'secret=1', 'x-other': '1' }
  await query(gateway.url, '{ depots }', headers)
  const received = gateway.subgraphs.stock?.calls[0]?.headers ?? {}
  expect(received).toMatchObject({ 'x-tenant': 'acme', authorization: 'Bearer t' })
  expect(received).not.toHaveProperty('cookie')
  expect(received).not.toHaveProperty('x-other')
})

test('a token is asked for where keys are configured', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const stranger = await generateKeyPair('ES256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' }] }
  const jwks = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(keys)),
  )
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve))
  open.push({
    close: async () => {
      jwks.closeAllConnections()
      jwks.close()
    },
  })
  const jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`
  const gateway = await start({ jwt: { jwksUrl, issuer: 'them', audience: 'us' } })
  const sign = (claims: object, key = privateKey, exp = '1m') =>
    new SignJWT({ iss: 'them', aud: 'us', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: '1' })
      .setExpirationTime(exp)
      .sign(key)
  const ask = async (authorization?: string) =>
    (await query(gateway.url, '{ depots }', authorization ? { authorization } : {})).status

  expect(await ask(`Bearer ${await sign({})}`)).toBe(200)
  expect(await ask()).toBe(401)
  expect(await ask('Basic x')).toBe(401)
  expect(await ask(`Bearer ${await sign({}, stranger.privateKey)}`)).toBe(401)
  expect(await ask(`Bearer ${await sign({ aud: 'others' })}`)).toBe(401)
  expect(await ask(`Bearer ${await sign({ iss: 'others' })}`)).toBe(401)
  expect(await ask(`Bearer ${await sign({}, privateKey, '-1m')}`)).toBe(401)
})
