import { type RegistryAction, registryActions } from '../../../gateway/registry/change-registry.ts'
import { eventually } from '../../support/eventually.ts'
import { type Answer, createTokenIssuer } from '../../support/gateway-under-test.ts'
import { type Replica, startReplica } from '../../support/second-gateway.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { federation } from '../../support/test-subgraph.ts'
import { expectOk, type Platform, startPlatform, usersSdl } from '../../support/two-subgraphs.ts'

/** The contract's bound. Nothing is polled here in ten minutes, so that only what is pushed arrives. */
const withinMs = 1_000
const pollMs = 600_000

let platform: Platform
let replica: Replica
let host: Awaited<ReturnType<typeof startTestLambdaHost>>
let newcomer: Awaited<ReturnType<typeof createTokenIssuer>>
/** Of keys that are made on the way. */
const made = { id: '', secret: '' }
beforeAll(async () => {
  platform = await startPlatform({ pollMs })
  replica = await startReplica(platform.gateway, { pollMs })
  newcomer = await createTokenIssuer()
  host = await startTestLambdaHost(platform.gateway.url)
  await expectOk(await host.register(credentialOf('lambdas')))
})
afterAll(async () => {
  await host?.close()
  await replica?.close()
  await platform?.close()
})

const credentialOf = (module: string) => platform.gateway.credentials.get(module) ?? ''
const operate = (query: string) => platform.gateway.query(query, { 'x-api-key': platform.keys.operator })
const serve = (query: string) => platform.gateway.query(query, { 'x-api-key': platform.keys.sk })
const thereAs = (key: string, query: string) => replica.query(query, { 'x-api-key': key })
const seenByOperator = async (query: string) =>
  JSON.stringify((await thereAs(platform.keys.operator, query)).data)
const statusThere = async (key: string, query: string) => (await thereAs(key, query)).status
const put = (path: string, module: string, body?: object, method = 'PUT') =>
  fetch(`${platform.gateway.url}/modules/${module}/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${credentialOf(module)}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
/** Another instance of the users module. */
const joins = (changes: object = {}) =>
  put('instances/other', 'users', {
    sdl: federation + usersSdl,
    version: '2',
    url: 'http://127.0.0.1:9',
    tokenKeys: [platform.issuer.jwk],
    ...changes,
  })
const withFields = (fields: string) =>
  `${federation}${usersSdl.replace('caller: String', `caller: String @tag(name: "public")  ${fields}`)}`
const deploy = (field: string) =>
  operate(`mutation { deployPlugin(client: "acme", files: [
    { path: "plugin.ts", content: "type User @key(fields: \\"id\\") { id: ID! ${field}: String }" }
  ]) { number } }`)
const instances = '{ modules { name instances { url } } }'
const pluginOf = '{ client(slug: "globex") { plugin { limits { memoryMb } grants { scopes } release } } }'

type Step = {
  what: string
  action: RegistryAction
  change(): Promise<Answer | Response>
  /** Asked of the replica that was not called. */
  isThere(): Promise<boolean>
  audit: Record<string, unknown>
}

const byOperator = { actor: expect.stringMatching(/^key:/), client: 'globex', subject: 'client:globex' }
const byServer = {
  actor: expect.stringMatching(/^key:/),
  client: 'acme',
  subject: expect.stringMatching(/^key:/),
}
const byDeployer = { ...byOperator, client: 'acme', subject: 'client:acme' }
const byUsers = { actor: 'module:users', subject: 'module:users' }
const steps: Step[] = [
  {
    what: 'a client comes',
    action: 'registry.client.created',
    change: () =>
      operate(
        'mutation { createClient(slug: "initech", name: "Initech", modules: ["users"]) { secretKey } }',
      ),
    isThere: async () => (await seenByOperator('{ client(slug: "initech") { name } }')).includes('Initech'),
    audit: {
      ...byOperator,
      client: 'initech',
      subject: 'client:initech',
      before: null,
      after: { name: 'Initech', modules: ['users'] },
    },
  },
  {
    what: 'a module is switched on',
    action: 'registry.client.module_enabled',
    change: () => operate('mutation { enableModule(client: "globex", module: "data") { id } }'),
    isThere: async () => (await statusThere(platform.keys.globexSk, '{ record(id: "r") { id } }')) === 200,
    audit: { ...byOperator, before: { modules: ['users'] }, after: { modules: ['data', 'users'] } },
  },
  {
    what: 'a module is switched off',
    action: 'registry.client.module_disabled',
    change: () => operate('mutation { disableModule(client: "globex", module: "data") { id } }'),
    isThere: async () => (await statusThere(platform.keys.globexSk, '{ record(id: "r") { id } }')) === 400,
    audit: { ...byOperator, before: { modules: ['data', 'users'] }, after: { modules: ['users'] } },
  },
  {
    what: 'limits are set',
    action: 'registry.client.limits_changed',
    change: () => operate('mutation { setLimits(client: "globex", limits: { memoryMb: 77 }) { slug } }'),
    isThere: async () => (await seenByOperator(pluginOf)).includes('"memoryMb":77'),
    audit: { ...byOperator, before: {}, after: { memoryMb: 77 } },
  },
  {
    what: 'something is granted',
    action: 'registry.client.plugin_granted',
    change: () =>
      operate('mutation { grantPlugin(client: "globex", scopes: ["notify"], egress: []) { slug } }'),
    isThere: async () => (await seenByOperator(pluginOf)).includes('notify'),
    audit: { ...byOperator, before: { scopes: [], egress: [] }, after: { scopes: ['notify'], egress: [] } },
  },
  {
    what: 'a flag of one client is set',
    action: 'registry.flag.changed',
    change: () => operate('mutation { setFlag(name: "beta", client: "globex", enabled: true) { name } }'),
    isThere: async () =>
      JSON.stringify(await thereAs(platform.keys.globexSk, '{ flags { name enabled } }')).includes('beta'),
    audit: { ...byOperator, subject: 'flag:beta', before: null, after: { enabled: true, percent: null } },
  },
  {
    what: 'a module comes with another schema',
    action: 'registry.module.schema_changed',
    change: () => joins({ sdl: withFields('added: String') }),
    isThere: async () => (await statusThere(platform.keys.globexSk, '{ added }')) === 200,
    audit: {
      ...byUsers,
      before: { version: '1', sdlHash: expect.any(String) },
      after: { version: '2', sdlHash: expect.any(String) },
    },
  },
  {
    what: 'an instance joins elsewhere',
    action: 'registry.module.instance_joined',
    change: () => joins({ sdl: withFields('added: String'), url: 'http://127.0.0.1:10' }),
    isThere: async () => (await seenByOperator(instances)).includes('127.0.0.1:10"'),
    audit: {
      ...byUsers,
      before: { id: 'other', url: 'http://127.0.0.1:9', version: '2' },
      after: { id: 'other', url: 'http://127.0.0.1:10', version: '2' },
    },
  },
  {
    what: 'a module signs with other keys',
    action: 'registry.module.token_keys_changed',
    change: () =>
      joins({
        sdl: withFields('added: String'),
        url: 'http://127.0.0.1:10',
        tokenKeys: [platform.issuer.jwk, newcomer.jwk],
      }),
    isThere: async () => {
      const authorization = `Bearer ${await newcomer.sign({})}`
      return (await replica.query('{ flags { name } }', { authorization })).status === 200
    },
    audit: {
      ...byUsers,
      before: { keys: [expect.any(String)] },
      after: { keys: [expect.any(String), expect.any(String)] },
    },
  },
  {
    what: 'a module shows one client another schema',
    action: 'registry.module.schema_changed',
    change: () => put('clients/globex/sdl', 'users', { sdl: withFields('added: String  only: String') }),
    isThere: async () => (await statusThere(platform.keys.globexSk, '{ only }')) === 200,
    audit: { ...byUsers, client: 'globex', before: null, after: { sdlHash: expect.any(String) } },
  },
  {
    what: 'a schema is let in that would be refused',
    action: 'registry.module.schema_admitted',
    change: () =>
      operate('mutation { admitModuleSchema(module: "users", sdl: "type Query { x: Int }") { name } }'),
    isThere: async () =>
      (await seenByOperator('{ changes(first: 1) { edges { node { action } } } }')).includes(
        'schema_admitted',
      ),
    audit: {
      ...byUsers,
      actor: byOperator.actor,
      before: null,
      after: { sdlHash: expect.any(String) },
      forced: true,
    },
  },
  {
    what: 'an instance leaves',
    action: 'registry.module.instance_left',
    change: () => put('instances/other', 'users', undefined, 'DELETE'),
    isThere: async () => !(await seenByOperator(instances)).includes('127.0.0.1:10"'),
    audit: { ...byUsers, before: { id: 'other', url: 'http://127.0.0.1:10', version: '2' }, after: null },
  },
  {
    what: 'a key is made',
    action: 'registry.key.created',
    async change() {
      const answer = await serve(
        'mutation { createApiKey(input: { name: "P", kind: PARTNER, tags: ["none"] }) { secret apiKey { id } } }',
      )
      const { createApiKey } = answer.data as { createApiKey: { secret: string; apiKey: { id: string } } }
      Object.assign(made, { secret: createApiKey.secret, id: createApiKey.apiKey.id })
      return answer
    },
    // It is known, and leaves nothing to see.
    isThere: async () => (await statusThere(made.secret, '{ caller }')) === 403,
    audit: {
      ...byServer,
      before: null,
      after: { kind: 'PARTNER', name: 'P', tags: ['none'], expiresAt: null },
    },
  },
  {
    what: 'a key has other tags',
    action: 'registry.key.tags_changed',
    change: () => serve(`mutation { setApiKeyTags(id: "${made.id}", tags: ["public"]) { tags } }`),
    isThere: async () => (await statusThere(made.secret, '{ caller }')) === 200,
    audit: { ...byServer, before: { tags: ['none'] }, after: { tags: ['public'] } },
  },
  {
    what: 'a key is revoked',
    action: 'registry.key.revoked',
    change: () => serve(`mutation { revokeApiKey(id: "${made.id}") { id } }`),
    isThere: async () => (await statusThere(made.secret, '{ caller }')) === 401,
    audit: {
      ...byServer,
      before: { kind: 'PARTNER', name: 'P', revokedAt: null },
      after: { kind: 'PARTNER', name: 'P', revokedAt: expect.any(String) },
    },
  },
  {
    what: 'a plugin is deployed',
    action: 'registry.plugin.released',
    change: () => deploy('tier'),
    isThere: async () => (await statusThere(platform.keys.sk, '{ me { tier } }')) === 200,
    audit: { ...byDeployer, before: null, after: { release: 1, message: null } },
  },
  {
    what: 'another release is deployed',
    action: 'registry.plugin.released',
    change: () => deploy('rank'),
    isThere: async () => (await statusThere(platform.keys.sk, '{ me { rank } }')) === 200,
    audit: { ...byDeployer, before: { release: 1 }, after: { release: 2 } },
  },
  {
    what: 'an older release is activated',
    action: 'registry.plugin.activated',
    change: () => operate('mutation { activateRelease(client: "acme", release: 1) { id } }'),
    isThere: async () => (await statusThere(platform.keys.sk, '{ me { tier } }')) === 200,
    audit: { ...byDeployer, before: { release: 2 }, after: { release: 1 } },
  },
]

test.each(steps)('$what: on the other replica within a second, and on record', async (step) => {
  const { what, action, change, isThere, audit } = step
  const isNewThere = await isThere().catch(() => false)
  expect(isNewThere).toBe(false)
  const answer = await change()
  if (answer instanceof Response) await expectOk(answer)
  else expect(answer.errors).toBeUndefined()
  await eventually(what, isThere, withinMs)
  const changes = await operate(
    `{ changes(action: "${action}", first: 1) { edges { node { actor client subject before after forced } } } }`,
  )
  expect(changes.data).toMatchObject({ changes: { edges: [{ node: audit }] } })
})

test('these are all kinds of change; a secret is the lambda host’s', () => {
  const shown = new Set<string>(steps.map(({ action }) => action))
  const missing = registryActions.filter((action) => !shown.has(action))
  expect(missing).toEqual(['registry.secret.set', 'registry.secret.deleted'])
})
