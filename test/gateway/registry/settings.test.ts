import { createClient } from '../../../gateway/registry/create-client.ts'
import { isAllowedAddress, readModuleAddresses } from '../../../gateway/registry/module-addresses.ts'
import { mostTold } from '../../../gateway/registry/tell-refusal.ts'
import { platformAddition } from '../../../schema/plugin-build.ts'
import { eventually } from '../../support/eventually.ts'
import type { Answer } from '../../support/gateway-under-test.ts'
import { type Replica, startReplica } from '../../support/second-gateway.ts'
import { federation } from '../../support/test-subgraph.ts'
import { dataSdl, expectOk, type Platform, startPlatform, usersSdl } from '../../support/two-subgraphs.ts'

let platform: Platform
let replica: Replica
beforeAll(async () => {
  platform = await startPlatform()
  replica = await startReplica(platform.gateway)
})
afterAll(async () => {
  await replica.close()
  await platform.close()
})

const operate = (query: string, variables: object = {}) =>
  platform.gateway.query(query, { 'x-api-key': platform.keys.operator }, variables)
const codeOf = async (query: string, variables: object = {}, key = platform.keys.operator) =>
  (await platform.gateway.query(query, { 'x-api-key': key }, variables)).errors?.[0]?.extensions.code
const switching = (verb: 'enableModule' | 'disableModule') =>
  `mutation ($client: String!, $module: String!, $force: Boolean) {
    ${verb}(client: $client, module: $module, force: $force) { id client } }`
const changes = `query ($client: String, $subject: String, $first: Int, $after: String) {
  changes(client: $client, subject: $subject, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    edges { node { id actor action subject client before after forced } } } }`
const stepsOf = ({ data }: Answer) =>
  ((data?.changes as Changes | undefined)?.edges ?? []).map(({ node }) => node)
type Changes = { edges: { node: Record<string, unknown> }[]; pageInfo: { endCursor: string } }

test('a module is switched on and off, within a second on every replica, for this client alone', async () => {
  const acme = { 'x-api-key': platform.keys.sk }
  const globex = { 'x-api-key': platform.keys.globexSk }
  const query = '{ record(id: "r1") { id } }'
  expect((await replica.query(query, globex)).status).toBe(400)
  const { data } = await operate(switching('enableModule'), { client: 'globex', module: 'data' })
  expect(data?.enableModule).toMatchObject({ client: 'globex' })
  expect((await platform.gateway.query(query, globex)).status).toBe(200)
  await eventually(
    'the replica has it',
    async () => (await replica.query(query, globex)).status === 200,
    1_000,
  )
  await operate(switching('disableModule'), { client: 'globex', module: 'data' })
  expect((await platform.gateway.query(query, globex)).status).toBe(400)
  await eventually(
    'the replica has it no more',
    async () => (await replica.query(query, globex)).status === 400,
    1_000,
  )
  expect((await platform.gateway.query(query, acme)).status).toBe(200)
})

test('one that the plugin needs is not switched off but by force, which is on record', async () => {
  const { db } = platform.gateway
  const needs = { scopes: [], egress: [] }
  const release = {
    clientSlug: 'acme',
    number: 1,
    digest: 'd1',
    sdl: 'type Query { x: Int }',
    createdBy: 'key:x',
    needs,
  }
  await db.pluginRelease.create({
    data: { ...release, rules: ['Query.caller'], handlers: ['data.record.created'] },
  })
  await db.client.update({ where: { slug: 'acme' }, data: { activeRelease: 1 } })
  const input = { client: 'acme', module: 'users' }
  const refused = await operate(switching('disableModule'), input)
  const [error] = refused.errors ?? []
  expect(error?.extensions).toMatchObject({
    code: 'SCHEMA_REFUSED',
    errors: [{ code: 'PLUGIN_LOSES_FIELD', subgraph: 'plugin' }],
  })
  expect(error?.message).toContain('[client acme]')
  expect(error?.message).toContain('Query.caller')
  await operate(switching('disableModule'), { ...input, force: true })
  const answer = await operate(changes, { client: 'acme', first: 1 })
  expect(stepsOf(answer)[0]).toMatchObject({
    action: 'registry.client.module_disabled',
    subject: 'client:acme',
    actor: expect.stringMatching(/^key:/),
    before: { modules: ['data', 'users'] },
    after: { modules: ['data'] },
    forced: true,
  })
  await operate(switching('enableModule'), input)
})

test('of switches at once none is lost, and each is on record', async () => {
  const modules = ['users', 'data']
  const verbs = ['enableModule', 'disableModule', 'enableModule'] as const
  await Promise.all(
    verbs.flatMap((verb) =>
      modules.map((module) => operate(switching(verb), { client: 'globex', module, force: true })),
    ),
  )
  await operate(switching('enableModule'), { client: 'globex', module: 'users' })
  const steps = stepsOf(await operate(changes, { client: 'globex', first: 100 })).filter(({ action }) =>
    `${action}`.includes('module_'),
  )
  for (const [index, step] of steps.entries()) {
    if (steps[index + 1]) expect(step.before).toEqual(steps[index + 1]?.after)
  }
})

test('what is not there, and what nobody but operators may', async () => {
  const { keys } = platform
  const input = { client: 'acme', module: 'data' }
  expect(await codeOf(switching('enableModule'), { ...input, client: 'nobody' })).toBe('NOT_FOUND')
  expect(await codeOf(switching('enableModule'), { ...input, module: 'nothing' })).toBe('NOT_FOUND')
  for (const key of [keys.deploy, keys.globexDeploy]) {
    expect(await codeOf(switching('disableModule'), input, key)).toBe('FORBIDDEN')
    expect(await codeOf(changes, {}, key)).toBe('FORBIDDEN')
    expect(await codeOf('{ flags { name } }', {}, key)).toBe('FORBIDDEN')
  }
  expect(await codeOf(changes, { after: 'forged' })).toBe('CURSOR_INVALID')
})

test('grants and limits reach the lambda host, with its credential only', async () => {
  const grant = `mutation ($scopes: [String!]!, $egress: [String!]!) {
    grantPlugin(client: "acme", scopes: $scopes, egress: $egress) { plugin { grants { scopes egress } } } }`
  const limit = `mutation ($limits: PluginLimitsInput!) {
    setLimits(client: "acme", limits: $limits) { plugin { limits { memoryMb wallMs } } } }`
  expect(await codeOf(grant, { scopes: ['everything'], egress: [] })).toBe('BAD_USER_INPUT')
  expect(await codeOf(grant, { scopes: [], egress: ['ftp://x.example'] })).toBe('BAD_USER_INPUT')
  expect(await codeOf(grant, { scopes: [], egress: ['127.0.0.1'] })).toBe('BAD_USER_INPUT')
  expect(await codeOf(limit, { limits: { memoryMb: 100_000 } })).toBe('BAD_USER_INPUT')
  for (const [name, least, most] of [
    ['bundleChars', 1_000, 3_000_000],
    ['sdlChars', 1_000, 1_000_000],
  ] as const) {
    for (const value of [least - 1, most + 1])
      expect([name, value, await codeOf(limit, { limits: { [name]: value } })]).toEqual([
        name,
        value,
        'BAD_USER_INPUT',
      ])
    for (const value of [least, most, null])
      expect([name, value, await codeOf(limit, { limits: { [name]: value } })]).toEqual([
        name,
        value,
        undefined,
      ])
  }
  const granted = await operate(grant, { scopes: ['notify', 'notify'], egress: ['API.example.com'] })
  expect(granted.data).toEqual({
    grantPlugin: { plugin: { grants: { scopes: ['notify'], egress: ['api.example.com'] } } },
  })
  await operate(limit, { limits: { memoryMb: 64, wallMs: 500 } })
  const limited = await operate(limit, { limits: { wallMs: null } })
  expect(limited.data).toEqual({ setLimits: { plugin: { limits: { memoryMb: 64, wallMs: null } } } })

  const { url } = platform.gateway
  const read = (after: number, credential = platform.gateway.credentials.get('lambdas')) =>
    fetch(`${url}/registry/plugins?after=${after}`, { headers: { authorization: `Bearer ${credential}` } })
  const waiting = read(-1)
    .then((answer) => answer.json())
    .then(({ revision }) => read(revision))
  await operate('mutation { setFlag(name: "beta", client: "acme", enabled: true, percent: 5) { name } }')
  const seen = await (await waiting).json()
  expect(seen.clients).toContainEqual({
    client: 'acme',
    active: { number: 1, digest: 'd1', handlers: ['data.record.created'] },
    grants: { scopes: ['notify'], egress: ['api.example.com'] },
    limits: { memoryMb: 64 },
    flags: [{ name: 'beta', enabled: true, percent: 5 }],
  })
  expect((await read(-1, platform.gateway.credentials.get('users'))).status).toBe(401)
})

test('limits that are set before a first release are known to the lambda host, too', async () => {
  await operate('mutation { setLimits(client: "globex", limits: { sdlChars: 300000 }) { slug } }')
  const { url, credentials } = platform.gateway
  const headers = { authorization: `Bearer ${credentials.get('lambdas')}` }
  const { clients } = await (await fetch(`${url}/registry/plugins?after=-1`, { headers })).json()
  expect(clients).toContainEqual(
    expect.objectContaining({ client: 'globex', active: null, limits: { sdlChars: 300_000 } }),
  )
})

test('a schema that takes from a client what it has is refused; an operator lets it in', async () => {
  const { users, data } = platform
  const sdl = usersSdl.replace(/type User/g, 'type Person')
  const refused = await users.register({ sdl })
  expect(refused.status).toBe(422)
  expect(JSON.stringify(await refused.json())).toMatch(/\[client (acme|globex)\]/)
  expect((await data.register()).status).toBe(200)
  const admit = 'mutation ($sdl: String!) { admitModuleSchema(module: "users", sdl: $sdl) { name } }'
  expect((await operate(admit, { sdl: federation + sdl })).data).toEqual({
    admitModuleSchema: { name: 'users' },
  })
  expect((await users.register({ sdl })).status).toBe(200)
  const record = await operate(changes, { subject: 'module:users', first: 5 })
  expect(stepsOf(record)).toContainEqual(
    expect.objectContaining({
      action: 'registry.module.schema_changed',
      forced: true,
      actor: 'module:users',
    }),
  )
  expect((await users.register({ sdl: usersSdl })).status).toBe(200)
})

describe('what a client’s plugin uses', () => {
  const more = dataSdl.replace('createdBy: User', 'createdBy: User  total: Int')
  const typeDefs = `
    type Record @key(fields: "id") {
      id: ID!
      total: Int @external
      tier: String @requires(fields: "total")
    }`
  const [before, after] = [
    'export default definePlugin({ typeDefs: gql`',
    '`, rules: { "Mutation.touch": allow } })',
  ]
  beforeAll(async () => {
    await expectOk(await platform.data.register({ sdl: more }))
    const { db } = platform.gateway
    const sdl = typeDefs + platformAddition + federation
    const files = [{ path: 'lib/types.ts', content: `// types\n${before}${typeDefs}${after}` }]
    const needs = { scopes: [], egress: [] }
    const release = { clientSlug: 'acme', digest: 'd2', createdBy: 'key:x', rules: ['Mutation.touch'], needs }
    await db.pluginRelease.create({ data: { ...release, number: 2, sdl, files } })
    await db.client.update({ where: { slug: 'acme' }, data: { activeRelease: 2 } })
  })
  afterAll(async () => {
    await platform.gateway.db.client.update({ where: { slug: 'acme' }, data: { activeRelease: null } })
  })
  const refusalOf = async (answer: Response) => {
    expect(answer.status).toBe(422)
    return ((await answer.json()) as { errors: { message: string; extensions: object }[] }).errors
  }
  const place = (line: number) => ({ client: 'acme', subgraph: 'plugin', file: 'lib/types.ts', line })

  test('is not taken away by a module’s schema: what would be gone, and the line that uses it, is told', async () => {
    const [lost, ...others] = await refusalOf(await platform.data.register({ sdl: dataSdl }))
    expect(lost?.message).toBe(
      '[client acme] lib/types.ts:6: "Record.total" would be gone: the plugin uses it for "Record.tier" (@requires), "Record.total" (@external).',
    )
    expect(lost?.extensions).toEqual({ code: 'PLUGIN_LOSES_FIELD', ...place(6) })
    // As composition itself says it: it knows the subgraph by the name in its message only.
    expect(others.map(({ extensions }) => extensions)).toEqual([
      { code: 'EXTERNAL_MISSING_ON_BASE', ...place(5), subgraph: null },
    ])
  })

  test.each([
    ['another type', more.replace('total: Int', 'total: Float')],
    ['an argument', more.replace('total: Int', 'total(rounded: Boolean!): Int')],
  ])('is not given %s', async (_what, sdl) => {
    const [changed] = await refusalOf(await platform.data.register({ sdl }))
    expect(changed?.extensions).toEqual({ code: 'CORE_FIELD_CHANGED', ...place(5) })
    expect(changed?.message).toMatch(
      /^\[client acme\] lib\/types.ts:5: Record.total is .* in the core, and .* here/,
    )
  })

  test('goes with its module only by force', async () => {
    const { errors = [] } = await operate(switching('disableModule'), { client: 'acme', module: 'data' })
    const told = errors[0]?.extensions.errors as { code: string; message: string }[]
    expect(told.map(({ message: _message, ...rest }) => rest)).toEqual([
      { code: 'PLUGIN_LOSES_TYPE', ...place(6) },
      { code: 'PLUGIN_LOSES_FIELD', ...place(7) },
      { code: 'EXTERNAL_MISSING_ON_BASE', ...place(5), subgraph: null },
    ])
    expect(told[1]?.message).toContain('"Mutation.touch" would be gone: the plugin uses it for a rule.')
    expect(errors[0]?.message).toContain('"Record" would be gone')
    await expectOk(await platform.data.register({ sdl: more }))
  })
})

test('of a schema that breaks a thousand clients the first faults are told, and how many there are', async () => {
  const { db } = platform.gateway
  for (let n = 0; n < mostTold; n += 1)
    await createClient(db, { slug: `many-${n}`, name: 'One of many', modules: ['users'] })
  const sdl = usersSdl.replace('caller: String', 'caller: Missing')
  const refused = await platform.users.register({ sdl })
  expect(refused.status).toBe(422)
  const { errors } = (await refused.json()) as { errors: { message: string; extensions: { code: string } }[] }
  expect(errors).toHaveLength(mostTold + 1)
  // Beside the many there are acme and globex.
  expect(errors.at(-1)).toEqual({
    message: `These are the first ${mostTold} of ${mostTold + 2} faults, of ${mostTold + 2} clients.`,
    extensions: { code: 'MORE_FAULTS', subgraph: null, client: null, file: null, line: null },
  })
  expect(errors.slice(0, -1).map(({ extensions }) => extensions.code)).not.toContain('MORE_FAULTS')
  await expectOk(await platform.users.register({ sdl: usersSdl }))
})

describe('where instances may be', () => {
  const addresses = readModuleAddresses('users=10.0.0.0/8|127.0.0.1|::1,data=*.internal|data.example')
  test.each([
    ['users', 'http://10.1.2.3:80', true],
    ['users', 'http://0x7f000001:80', true],
    ['users', 'http://[::ffff:10.0.0.1]', true],
    ['users', 'http://[::1]:4001', true],
    ['users', 'http://11.0.0.1', false],
    ['users', 'http://localhost', false],
    ['users', 'http://10.0.0.1.example', false],
    ['data', 'http://a.internal.', true],
    ['data', 'http://DATA.example', true],
    ['data', 'http://internal', false],
    ['data', 'http://evilinternal', false],
    ['data', 'http://10.0.0.1', false],
    ['analytics', 'http://anywhere', true],
  ])('%s at %s: %s', (module, url, allowed) => {
    expect(addresses && isAllowedAddress(addresses, module, url)).toBe(allowed)
  })
  test.each(['users', 'users=', 'users=a b', 'users=1.2.3.4,users=1.2.3.5', 'users=10.0.0.0/99'])(
    '%j is no list',
    (text) => {
      expect(readModuleAddresses(text)).toBeNull()
    },
  )
})
