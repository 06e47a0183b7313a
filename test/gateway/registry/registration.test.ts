import { createApiKey } from '../../../gateway/registry/api-keys.ts'
import { createClient } from '../../../gateway/registry/create-client.ts'
import { eventually } from '../../support/eventually.ts'
import {
  createTokenIssuer,
  type GatewayUnderTest,
  startGatewayUnderTest,
} from '../../support/gateway-under-test.ts'
import { federation } from '../../support/test-subgraph.ts'
import {
  createDataControl,
  dataSdl,
  expectOk,
  type Platform,
  startData,
  startPlatform,
  startUsers,
  usersSdl,
} from '../../support/two-subgraphs.ts'

let platform: Platform
let server: Record<string, string>
async function start() {
  platform = await startPlatform()
  server = { 'x-api-key': platform.keys.sk }
}

describe('modules come and change', () => {
  beforeEach(start)
  afterEach(() => platform.close())

  test("each client has its own modules' schema and nothing more", async () => {
    const { gateway, keys } = platform
    const query = '{ record(id: "r1") { createdBy { name } } }'
    expect((await gateway.query(query, server)).data).toEqual({
      record: { createdBy: { name: 'Name of u1' } },
    })
    const globex = await gateway.query(query, { 'x-api-key': keys.globexSk })
    expect(globex.status).toBe(400)
    expect(globex.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })

  test('a changed schema is swapped in without a restart, for every client that has the module', async () => {
    const { gateway, users, keys } = platform
    const all = [server, { 'x-api-key': keys.globexSk }]
    for (const headers of all) expect((await gateway.query('{ added }', headers)).status).toBe(400)
    const sdl = `${usersSdl} extend type Query { added: String }`
    await expectOk(await users.register({ sdl, resolvers: { Query: { added: () => 'yes' } } }))
    for (const headers of all) {
      const answer = await eventually('the new field', async () => {
        const { data } = await gateway.query('{ added }', headers)
        return data
      })
      expect(answer).toEqual({ added: 'yes' })
    }
  })

  test('an operation in flight ends on the generation it began on', async () => {
    const { gateway, data, users, dataControl } = platform
    const inFlight = gateway.query('{ waits record(id: "r1") { createdBy { name } } }', server)
    await dataControl.waiting.promise
    await expectOk(await users.register({ sdl: `${usersSdl} extend type Query { added: String }` }))
    await eventually('the swap', async () => (await gateway.query('{ added }', server)).status === 200)
    dataControl.release.resolve('at last')
    expect((await inFlight).data).toEqual({ waits: 'at last', record: { createdBy: { name: 'Name of u1' } } })
    expect(data.callers.length).toBeGreaterThan(0)
  })

  test('a dead module nulls its own fields and stays in the schema', async () => {
    const { gateway, data } = platform
    await data.close()
    const { status, data: answer, errors } = await gateway.query('{ caller record(id: "r1") { id } }', server)
    expect(status).toBe(200)
    expect(answer).toEqual({ caller: 'SERVER of acme', record: null })
    expect(errors?.[0]).toMatchObject({ path: ['record'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } })
  })

  test('of two instances with different schemas the last that came holds, whoever renews after it', async () => {
    const { gateway, users } = platform
    const later = await startUsers(gateway, platform.issuer)
    await expectOk(await later.register({ sdl: `${usersSdl} extend type Query { added: String }` }))
    await expectOk(await users.register())
    await eventually(
      'the later schema',
      async () => (await gateway.query('{ added }', server)).status === 200,
    )
    const { count } = await platform.gateway.db.moduleInstance
      .count({ where: { moduleName: 'users' } })
      .then((count) => ({ count }))
    expect(count).toBe(2)
    await later.close()
  })

  test('keys that another module sends do not sign people in', async () => {
    const { gateway, data } = platform
    const impostor = await createTokenIssuer()
    await expectOk(
      await fetch(`${gateway.url}/modules/data/instances/${data.id}`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${gateway.credentials.get('data')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          ...{ sdl: federation + dataSdl, version: '1', url: data.url },
          tokenKeys: [impostor.jwk],
        }),
      }),
    )
    const { status } = await gateway.query('{ caller }', {
      authorization: `Bearer ${await impostor.sign({})}`,
    })
    expect(status).toBe(401)
  })
})

describe('what is refused changes nothing', () => {
  beforeAll(start)
  afterAll(() => platform.close())

  test('one that does not compose is refused with the reasons, and what runs goes on', async () => {
    const { gateway, data } = platform
    const refused = await data.register({
      sdl: dataSdl.replace('resolvable: false) { id: ID!', ') { id: ID! name: Int'),
    })
    expect(refused.status).toBe(422)
    const { errors } = (await refused.json()) as {
      errors: { message: string; extensions: { code: string } }[]
    }
    expect(errors.map(({ extensions }) => extensions.code)).toContain('FIELD_TYPE_MISMATCH')
    expect(errors[0]?.message).toContain('User.name')
    expect((await gateway.query('{ record(id: "r1") { id } }', server)).data).toEqual({
      record: { id: 'r1' },
    })
  })

  test.each(['type Query {', 'type Query { x: Missing }', 'type Query @key(fields: "nope") { x: String }'])(
    'SDL that is none is refused: %s',
    async (sdl) => {
      const refused = await platform.data.register({ sdl })
      expect(refused.status).toBe(422)
      expect((await platform.gateway.query('{ record(id: "r1") { id } }', server)).status).toBe(200)
    },
  )

  test.each(['', ' \n'])('a module without its SDL is refused, and does not vanish: %j', async (sdl) => {
    const { gateway, data } = platform
    const refused = await fetch(`${gateway.url}/modules/data/instances/${data.id}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${gateway.credentials.get('data')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ sdl, version: '2', url: data.url }),
    })
    expect(refused.status).toBe(400)
    expect((await gateway.query('{ record(id: "r1") { id } }', server)).status).toBe(200)
  })

  test('only its own credential lets a module register or leave', async () => {
    const { gateway, users, data } = platform
    for (const credential of [
      '',
      'wrong',
      gateway.credentials.get('users') ?? '',
      `${gateway.credentials.get('data')}x`,
    ]) {
      expect((await data.register({ credential })).status).toBe(401)
    }
    const address = `${gateway.url}/modules/users/instances/${users.id}`
    const authorization = `Bearer ${gateway.credentials.get('data')}`
    expect((await fetch(address, { method: 'DELETE', headers: { authorization } })).status).toBe(401)
    expect((await fetch(address, { method: 'DELETE' })).status).toBe(401)
    const unknown = await fetch(`${gateway.url}/modules/payments/instances/1`, {
      method: 'PUT',
      headers: { authorization: 'Bearer ', 'content-type': 'application/json' },
      body: '{}',
    })
    expect(unknown.status).toBe(401)
  })

  test('no module takes the place of an instance of another one: neither its id nor its address', async () => {
    const { gateway, users, data } = platform
    const takeOver = (id: string, url: string) =>
      fetch(`${gateway.url}/modules/data/instances/${id}`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${gateway.credentials.get('data')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ sdl: dataSdl, version: '1', url }),
      })
    for (const answer of [await takeOver(users.id, 'http://127.0.0.1:1'), await takeOver('x', users.url)]) {
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    }
    const instances = await gateway.db.moduleInstance.findMany({ orderBy: { moduleName: 'asc' } })
    expect(instances).toMatchObject([
      { moduleName: 'data', id: data.id, url: data.url },
      { moduleName: 'users', id: users.id, url: users.url },
    ])
    // Once its lease is over the address is anybody's: a port is given away again.
    await gateway.db.moduleInstance.update({ where: { id: users.id }, data: { leaseExpiresAt: new Date(0) } })
    await users.close()
    expect((await takeOver('x', users.url)).status).toBe(200)
  })

  test.each([
    ['an address that is none', { url: 'nowhere' }],
    ['an address of another protocol', { url: 'file:///etc/passwd' }],
    ['no SDL', { sdl: undefined }],
    ['half a character in its version', { version: '1\ud800' }],
    ['NUL in its SDL', { sdl: `${usersSdl} # \0` }],
    ['a private key', { tokenKeys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' }] }],
    ['a symmetric key', { tokenKeys: [{ kty: 'oct', k: 'secret' }] }],
  ])('a registration with %s is refused', async (_what, fault) => {
    const { gateway } = platform
    const response = await fetch(`${gateway.url}/modules/users/instances/x`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${gateway.credentials.get('users')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ sdl: usersSdl, version: '1', url: 'http://127.0.0.1:1', ...fault }),
    })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { errors: object[] }).errors).toHaveLength(1)
  })
})

describe('modules that are late', () => {
  let gateway: GatewayUnderTest
  beforeEach(async () => {
    gateway = await startGatewayUnderTest()
  })
  afterEach(() => gateway.close())

  test('before any module there is no schema; each joins when it comes', async () => {
    await createClient(gateway.db, { slug: 'acme', name: 'Acme', modules: ['users', 'data'] })
    const { secret } = await createApiKey(gateway.db, { kind: 'SECRET', client: 'acme', name: 'Test' })
    const ask = (query: string) => gateway.query(query, { 'x-api-key': secret })
    const noSchema = await eventually('the key is known', async () => {
      const answer = await ask('{ caller }')
      return answer.status !== 401 && answer
    })
    expect(noSchema).toMatchObject({ status: 503, errors: [{ extensions: { code: 'NO_SCHEMA' } }] })
    const users = await startUsers(gateway, await createTokenIssuer())
    await expectOk(await users.register())
    expect((await ask('{ caller }')).data).toEqual({ caller: 'SERVER of acme' })
    const data = await startData(gateway, createDataControl().resolvers)
    await expectOk(await data.register())
    const joined = await eventually(
      'data has joined',
      async () => (await ask('{ record(id: "r") { id } }')).data,
    )
    expect(joined).toEqual({ record: { id: 'r' } })
    await Promise.all([users.close(), data.close()])
  })
})
