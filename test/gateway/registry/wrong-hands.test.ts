import type { Close } from '../../../foundation/closing.ts'
import {
  createGatewayTokenSigner,
  gatewayAudience,
  lambdaAudience,
} from '../../../foundation/gateway-token.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createSigningKeys } from '../../../foundation/signing-keys.ts'
import { createClient } from '../../../gateway/registry/create-client.ts'
import { createSigningKeyStore } from '../../../gateway/registry/signing-key-store.ts'
import { eventually } from '../../support/eventually.ts'
import { startReplica } from '../../support/second-gateway.ts'
import { federation } from '../../support/test-subgraph.ts'
import { expectOk, type Platform, startPlatform, startUsers, usersSdl } from '../../support/two-subgraphs.ts'

let platform: Platform
/** What a test has opened: closed also where it fails. */
const opened: Close[] = []
beforeAll(async () => {
  platform = await startPlatform({ moduleAddresses: new Map([['analytics', ['10.0.0.0/8']]]) })
}, 60_000)
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})
afterAll(() => platform?.close())

const credentialOf = (module: string) => platform.gateway.credentials.get(module) ?? ''
const ask = (query: string, key = platform.keys.sk) => platform.gateway.query(query, { 'x-api-key': key })
/** The swap follows the answer. */
const serves = (query: string, status: number) =>
  eventually(`${status} for ${query}`, async () => (await ask(query)).status === status, 2_000)
type Refusal = { errors: { message: string; extensions: { code: string } }[] }
const send = async (
  method: string,
  path: string,
  { credential = credentialOf('users'), body }: { credential?: string; body?: object } = {},
) => {
  const response = await fetch(platform.gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${credential}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const { errors = [] }: Partial<Refusal> = text === '' ? {} : JSON.parse(text)
  return { status: response.status, text, codes: errors.map(({ extensions }) => extensions.code), errors }
}
const ofClient = (client: string) => `/modules/users/clients/${client}/sdl`
const own = federation + usersSdl.replace('caller: String', 'caller: String  only: String')

describe('a schema for one client', () => {
  test('is served to that client alone, until it is taken back', async () => {
    expect((await send('PUT', ofClient('acme'), { body: { sdl: own } })).status).toBe(204)
    await serves('{ only }', 200)
    expect((await ask('{ only }', platform.keys.globexSk)).status).toBe(400)
    // A renewal of the common schema leaves it as it is.
    await expectOk(await platform.users.register())
    await serves('{ only }', 200)
    expect((await send('DELETE', ofClient('acme'))).status).toBe(204)
    await serves('{ only }', 400)
  })

  test('is its own module’s to publish, for a client that is there', async () => {
    for (const credential of ['', 'wrong', credentialOf('data')]) {
      for (const method of ['PUT', 'DELETE']) {
        const refused = await send(method, ofClient('acme'), { credential, body: { sdl: own } })
        expect(refused).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
      }
    }
    const unknown = await send('PUT', ofClient('nobody'), { body: { sdl: own } })
    expect(unknown).toMatchObject({ status: 404, codes: ['NOT_FOUND'] })
    const never = await send('PUT', '/modules/analytics/clients/acme/sdl', {
      credential: credentialOf('analytics'),
      body: { sdl: own },
    })
    expect(never).toMatchObject({ status: 404, codes: ['NOT_FOUND'] })
    for (const body of [{}, { sdl: '' }, { sdl: 'x'.repeat(1_000_001) }])
      expect([400, 413]).toContain((await send('PUT', ofClient('acme'), { body })).status)
    await serves('{ only }', 400)
  })

  test('is refused with the reasons where the client would not compose, and what runs goes on', async () => {
    const before = await ask('{ caller }')
    const broken = federation + usersSdl.replace('name: String', 'name: Missing')
    for (const sdl of [broken, 'type Query {', 'type Query { x: Missing }']) {
      const refused = await send('PUT', ofClient('acme'), { body: { sdl } })
      expect(refused.status).toBe(422)
      expect(refused.errors[0]?.message).toContain('[client acme]')
    }
    expect(await ask('{ caller }')).toEqual(before)
    expect((await ask('{ record(id: "r") { createdBy { name } } }')).errors).toBeUndefined()
    expect(await platform.gateway.db.moduleClientSdl.count()).toBe(0)
  })

  describe('that would be refused', () => {
    const admit = (sdl: string, client: string, key = platform.keys.operator) =>
      platform.gateway.query(
        'mutation ($client: String, $sdl: String!) { admitModuleSchema(module: "users", client: $client, sdl: $sdl) { name } }',
        { 'x-api-key': key },
        { client, sdl },
      )
    const broken = federation + usersSdl.replace('name: String', 'name: Missing')
    const put = async (sdl: string, client = 'acme') =>
      (await send('PUT', ofClient(client), { body: { sdl } })).status
    /** Of a schema of that client's own. */
    const lastChange = (client: string) =>
      platform.gateway.db.registryChange.findFirstOrThrow({
        where: { client, action: 'registry.module.schema_changed' },
        orderBy: { revision: 'desc' },
      })

    test('is let in by an operator: this very text, for this client, once; what runs goes on', async () => {
      expect((await admit(broken, 'acme', platform.keys.deploy)).errors?.[0]?.extensions.code).toBe(
        'FORBIDDEN',
      )
      expect((await admit(broken, 'nobody')).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
      expect((await admit(broken, 'acme')).data).toEqual({ admitModuleSchema: { name: 'users' } })
      expect(await put(`${broken} `)).toBe(422)
      expect(await put(broken, 'globex')).toBe(422)
      const instance = { sdl: broken, version: '2', url: 'http://127.0.0.1:10' }
      expect((await send('PUT', '/modules/users/instances/other', { body: instance })).status).toBe(422)
      expect(await put(broken)).toBe(204)
      expect(await lastChange('acme')).toMatchObject({ forced: true, actor: 'module:users' })
      expect((await ask('{ record(id: "r") { createdBy { name } } }')).errors).toBeUndefined()
      expect((await send('DELETE', ofClient('acme'))).status).toBe(204)
      expect(await lastChange('acme')).toMatchObject({ forced: false })
      expect(await put(broken)).toBe(422)
    })

    test('may be the common one that comes back', async () => {
      const { db } = platform.gateway
      await createClient(db, { slug: 'plugged', name: 'With a plugin', modules: ['users'] })
      expect(await put(own, 'plugged')).toBe(204)
      const release = { number: 1, digest: 'd', createdBy: 'key:x', sdl: 'type Query { x: Int }' }
      await db.pluginRelease.create({ data: { ...release, clientSlug: 'plugged', rules: ['Query.only'] } })
      await db.client.update({ where: { slug: 'plugged' }, data: { activeRelease: 1 } })
      const refused = await send('DELETE', ofClient('plugged'))
      expect(refused).toMatchObject({ status: 422, codes: ['PLUGIN_LOSES_FIELD'] })
      await admit(federation + usersSdl, 'plugged')
      expect((await send('DELETE', ofClient('plugged'))).status).toBe(204)
      expect(await lastChange('plugged')).toMatchObject({ forced: true, after: null })
    })
  })
})

test('an older schema that comes back is served again, and each coming is a release of it', async () => {
  const start = async () => {
    const instance = await startUsers(platform.gateway, platform.issuer)
    opened.push(
      instance.close,
      async () => void (await send('DELETE', `/modules/users/instances/${instance.id}`)),
    )
    return instance
  }
  const releases = async () => {
    const found = await platform.gateway.db.schemaRelease.findMany({
      where: { moduleName: 'users' },
      orderBy: { number: 'asc' },
    })
    return found.map(({ number, sdl }) => [number, sdl.includes('later')])
  }
  const later = await start()
  await expectOk(
    await later.register({ sdl: usersSdl.replace('caller: String', 'caller: String  later: String') }),
  )
  await serves('{ later }', 200)
  // What renews is not what comes: the later one holds.
  await expectOk(await platform.users.register())
  await serves('{ later }', 200)
  // Nor is one that has something else to say.
  const again = {
    sdl: federation + usersSdl,
    version: '1b',
    url: platform.users.url,
    tokenKeys: [platform.issuer.jwk],
  }
  expect((await send('PUT', `/modules/users/instances/${platform.users.id}`, { body: again })).status).toBe(
    200,
  )
  expect(await releases()).toEqual([
    [1, false],
    [2, true],
  ])
  // The deployment is taken back: an instance of the older one comes anew.
  const older = await start()
  await expectOk(await older.register())
  await serves('{ later }', 400)
  expect(await releases()).toEqual([
    [1, false],
    [2, true],
    [3, false],
  ])
})

test.each([
  'http://11.0.0.1',
  'http://127.0.0.1:4000',
  'http://10.0.0.1.example',
  'http://localhost',
  'http://[::1]',
])('an instance at %s, where its module may not be, is refused', async (url) => {
  const credential = credentialOf('analytics')
  const body = { sdl: 'type Query { a: Int }', version: '1', url }
  const refused = await send('PUT', '/modules/analytics/instances/x', { credential, body })
  expect(refused).toMatchObject({ status: 403, codes: ['FORBIDDEN'] })
  expect(await platform.gateway.db.moduleInstance.count({ where: { moduleName: 'analytics' } })).toBe(0)
})

test('when a key was last used is known once a replica that saw it has written', async () => {
  const { db } = platform.gateway
  const replica = await startReplica(platform.gateway)
  opened.push(replica.close)
  const from = new Date()
  expect((await replica.query('{ caller }', { 'x-api-key': platform.keys.globexSk })).status).toBe(200)
  await replica.close()
  const used = await db.apiKey.findMany({ where: { lastUsedAt: { gte: from } } })
  expect(used.map(({ clientSlug, kind }) => [clientSlug, kind])).toEqual([['globex', 'SECRET']])
})

describe('the token of a plugin', () => {
  const path = '/registry/plugin-tokens'
  const body = { client: 'acme', depth: 0 }
  const tokenOf = async (scopes: string[]) => {
    const keys = await createSigningKeys(createSigningKeyStore(platform.gateway.db, () => [], silentLog))
    opened.push(keys.close)
    return {
      keys,
      sign: createGatewayTokenSigner(keys),
      viewer: { kind: 'PLUGIN', client: 'acme', release: 1, scopes } as const,
    }
  }
  const codeWith = async (headers: Record<string, string>) =>
    (await platform.gateway.query('{ flags { name } }', headers)).errors?.[0]?.extensions.code

  test('is for the lambda host, and a client with a plugin', async () => {
    const user = await platform.tokenOf('acme', ['ADMIN'])
    const { operator, deploy } = platform.keys
    for (const credential of ['', credentialOf('users'), operator, deploy, user]) {
      const refusal = { status: 401, codes: ['UNAUTHENTICATED'] }
      expect(await send('POST', path, { credential, body })).toMatchObject(refusal)
      // Nor do they learn what plugins there are.
      expect(await send('GET', '/registry/plugins', { credential })).toMatchObject(refusal)
    }
    const credential = credentialOf('lambdas')
    expect((await send('GET', '/registry/plugins', { credential })).status).toBe(200)
    for (const client of ['acme', 'nobody'])
      expect(await send('POST', path, { credential, body: { ...body, client } })).toMatchObject({
        status: 404,
        codes: ['NOT_FOUND'],
      })
    expect((await send('POST', path, { credential, body: { ...body, depth: -1 } })).codes).toEqual([
      'BAD_USER_INPUT',
    ])
  })

  test('opens the graph of its own client, and no other one', async () => {
    const { keys, sign, viewer } = await tokenOf([])
    const bearer = async (audience: string) => ({
      authorization: `Bearer ${await sign({ viewer, depth: 0 }, audience)}`,
    })
    expect(await codeWith(await bearer(gatewayAudience))).toBeUndefined()
    for (const key of [platform.keys.globexSk, platform.keys.operator])
      expect(await codeWith({ ...(await bearer(gatewayAudience)), 'x-api-key': key })).toBe('CLIENT_MISMATCH')
    expect(await codeWith(await bearer('users'))).toBe('UNAUTHENTICATED')
    const { authorization } = await bearer(gatewayAudience)
    const exp = Math.floor(Date.now() / 1000) - 1
    const expired = await keys.sign({ iss: 'trellis-gateway', aud: gatewayAudience, viewer, depth: 0, exp })
    expect(await codeWith({ authorization: `Bearer ${expired}` })).toBe('UNAUTHENTICATED')
    expect(await codeWith({ authorization: `${authorization}x` })).toBe('UNAUTHENTICATED')
  })

  test('has the scopes that are granted now, whatever it says', async () => {
    const { sign, viewer } = await tokenOf(['notify', 'records:read'])
    const authorization = `Bearer ${await sign({ viewer, depth: 0 }, lambdaAudience)}`
    const scopes = async () => {
      const { data } = await platform.gateway.query('{ caller }', { authorization })
      expect(data).toEqual({ caller: 'PLUGIN of acme' })
      const seen = platform.users.callers.at(-1)?.viewer
      return seen?.kind === 'PLUGIN' ? seen.scopes : null
    }
    const grant = (list: string) =>
      ask(
        `mutation { grantPlugin(client: "acme", scopes: [${list}], egress: []) { slug } }`,
        platform.keys.operator,
      )
    expect(await scopes()).toEqual([])
    expect((await grant('"notify"')).errors).toBeUndefined()
    expect(await scopes()).toEqual(['notify'])
    await grant('')
    expect(await scopes()).toEqual([])
  })
})
