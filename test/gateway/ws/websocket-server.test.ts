import { once } from 'node:events'
import { type Client, createClient as createWsClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { createApiKey, revokeApiKey } from '../../../gateway/registry/api-keys.ts'
import { eventually } from '../../support/eventually.ts'
import { expectOk, type Platform, startPlatform, usersSdl } from '../../support/two-subgraphs.ts'

type Params = Record<string, unknown>

describe('GraphQL over WebSocket', () => {
  let platform: Platform
  const open: Client[] = []
  const begin = async () => {
    platform = await startPlatform()
  }
  const end = () => platform.close()
  afterEach(() => Promise.all(open.splice(0).map((client) => client.dispose())))

  const endpoint = () => `${platform.gateway.url.replace('http', 'ws')}/graphql`
  const connect = (connectionParams: Params): Client => {
    const client = createWsClient({
      url: endpoint(),
      webSocketImpl: WebSocket,
      connectionParams,
      retryAttempts: 0,
    })
    open.push(client)
    return client
  }
  const ask = async (client: Client, query: string, variables?: Params) => {
    for await (const result of client.iterate({ query, ...(variables ? { variables } : {}) })) return result
    return undefined
  }
  /** A raw socket that has sent `connection_init`, and how it was closed. */
  const initialise = async (payload: Params | undefined, protocol = 'graphql-transport-ws') => {
    const socket = new WebSocket(endpoint(), protocol)
    const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', ...(payload ? { payload } : {}) }))
    return { socket, closed }
  }

  describe('of one platform', () => {
    beforeAll(begin)
    afterAll(end)

    test('queries and mutations, by key and by token', async () => {
      const server = connect({ apiKey: platform.keys.sk })
      expect(await ask(server, '{ caller }')).toEqual({ data: { caller: 'SERVER of acme' } })
      expect(await ask(server, 'mutation { touch { createdBy { name } } }')).toEqual({
        data: { touch: { createdBy: { name: 'Name of u1' } } },
      })
      const person = connect({
        authorization: `Bearer ${await platform.tokenOf('acme')}`,
        apiKey: platform.keys.pk,
      })
      expect(await ask(person, '{ caller }')).toEqual({ data: { caller: 'USER of acme' } })
    })

    test('a subscription crosses modules, for each event', async () => {
      const client = connect({ apiKey: platform.keys.sk })
      const events = client.iterate({ query: 'subscription { recordChanged { id createdBy { id name } } }' })
      const first = events.next()
      await platform.dataControl.subscribed.promise
      platform.dataControl.emit('r1')
      expect((await first).value).toEqual({
        data: { recordChanged: { id: 'r1', createdBy: { id: 'u1', name: 'Name of u1' } } },
      })
      await events.return?.()
    })

    test.each<[string, Params | undefined, string]>([
      ['nothing', undefined, 'UNAUTHENTICATED'],
      ['an unknown key', { apiKey: 'trellis_sk_forged' }, 'UNAUTHENTICATED'],
      ['a key that is not text', { apiKey: { toString: 'x' } }, 'UNAUTHENTICATED'],
      ['a token that is none', { authorization: 'Bearer x.y.z' }, 'UNAUTHENTICATED'],
    ])('who presents %s is closed with 4403', async (_what, payload, reason) => {
      const { closed } = await initialise(payload)
      expect(await closed).toEqual({ code: 4403, reason })
    })

    test('a key and a token of different clients are closed with 4403', async () => {
      const authorization = `Bearer ${await platform.tokenOf('globex')}`
      const { closed } = await initialise({ apiKey: platform.keys.pk, authorization })
      expect(await closed).toEqual({ code: 4403, reason: 'CLIENT_MISMATCH' })
    })

    test('an operation before connection_init is closed with 4401, another protocol with 4406', async () => {
      const socket = new WebSocket(endpoint(), 'graphql-transport-ws')
      const closed = once(socket, 'close')
      await once(socket, 'open')
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ caller }' } }))
      expect((await closed)[0]).toBe(4401)
      expect((await once(new WebSocket(endpoint()), 'close'))[0]).toBe(4406)
    })

    test('partners and strangers to the schema get errors with codes', async () => {
      const partner = connect({ apiKey: platform.keys.partner })
      await expect(ask(partner, '{ caller }')).rejects.toMatchObject([
        { extensions: { code: 'CONTRACT_EMPTY' } },
      ])
      const server = connect({ apiKey: platform.keys.sk })
      await expect(ask(server, '{ nope }')).rejects.toMatchObject([
        { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' }, locations: [{ line: 1, column: 3 }] },
      ])
      await expect(ask(server, '{')).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }])
      expect(await ask(server, '{ fails }')).toMatchObject({
        data: { fails: null },
        errors: [{ path: ['fails'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      })
      const operator = connect({ apiKey: platform.keys.operator })
      expect(await ask(operator, '{ modules { name } }')).toEqual({
        data: { modules: [{ name: 'data' }, { name: 'users' }] },
      })
    })

    test('a revoked key closes the sockets that came in with it within a second, and no others', async () => {
      const { db } = platform.gateway
      const { id, secret } = await createApiKey(db, { kind: 'SECRET', client: 'acme', name: 'Short' })
      await eventually('the key holds', async () => {
        return (await platform.gateway.query('{ caller }', { 'x-api-key': secret })).status === 200
      })
      const other = connect({ apiKey: platform.keys.sk })
      expect(await ask(other, '{ caller }')).toBeDefined()
      const { socket, closed } = await initialise({ apiKey: secret })
      await once(socket, 'message')
      const revokedAt = Date.now()
      await revokeApiKey(db, id)
      expect(await closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
      expect(Date.now() - revokedAt).toBeLessThan(1_000)
      expect(await ask(other, '{ caller }')).toEqual({ data: { caller: 'SERVER of acme' } })
    })

    test('a socket ends with its token', async () => {
      const token = await platform.issuer.sign({ exp: Math.floor(Date.now() / 1000) + 2 })
      const { socket, closed } = await initialise({ authorization: `Bearer ${token}` })
      await once(socket, 'message')
      expect(await closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
    })

    test('upgrades elsewhere are refused', async () => {
      const socket = new WebSocket(endpoint().replace('/graphql', '/other'), 'graphql-transport-ws')
      const [error] = await once(socket, 'error')
      expect(String(error)).toContain('404')
    })
  })

  describe('of a platform that changes', () => {
    beforeEach(begin)
    afterEach(end)

    test('a subscription outlives a swap', async () => {
      const client = connect({ apiKey: platform.keys.sk })
      const events = client.iterate({ query: 'subscription { recordChanged { createdBy { name } } }' })
      const first = events.next()
      await platform.dataControl.subscribed.promise
      await expectOk(
        await platform.users.register({ sdl: `${usersSdl} extend type Query { added: String }` }),
      )
      await eventually('the swap', async () => {
        const { status } = await platform.gateway.query('{ added }', { 'x-api-key': platform.keys.sk })
        return status === 200
      })
      platform.dataControl.emit('r1')
      expect((await first).value).toEqual({ data: { recordChanged: { createdBy: { name: 'Name of u1' } } } })
      await events.return?.()
    })

    test('closing the gateway says good-bye to its sockets', async () => {
      const { socket, closed } = await initialise({ apiKey: platform.keys.sk })
      await once(socket, 'message')
      const closing = platform.close()
      expect((await closed).code).toBe(1001)
      await closing
    })
  })
})
