import { eventually } from '../../support/eventually.ts'
import type { Answer } from '../../support/gateway-under-test.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { federation } from '../../support/test-subgraph.ts'
import {
  createDataControl,
  dataSdl,
  expectOk,
  type Platform,
  startPlatform,
} from '../../support/two-subgraphs.ts'

const deploy = `mutation ($client: String!, $files: [PluginFile!]!, $message: String, $dryRun: Boolean, $force: Boolean) {
  deployPlugin(client: $client, files: $files, message: $message, dryRun: $dryRun, force: $force) {
    number message active errors { code file line }
  }
}`
const activate = `mutation ($client: String!, $release: Int!, $force: Boolean) {
  activateRelease(client: $client, release: $release, force: $force) { client reason }
}`
const tier = 'type User @key(fields: "id") { id: ID!  tier: String }'
const rank = 'type User @key(fields: "id") { id: ID!  rank: String }'

let platform: Platform
let host: Awaited<ReturnType<typeof startTestLambdaHost>>
let operator: Record<string, string>
/** What the host was asked at its desk, and which release was served then. */
const announced: object[] = []
async function atDesk(ask: object, slug: string) {
  const { activeRelease } = await platform.gateway.db.client.findUniqueOrThrow({ where: { slug } })
  announced.push({ ...ask, slug, activeRelease })
  return true
}
/** Each test has a client of its own, with the modules users and data. */
let client: { slug: string; deployer: Record<string, string>; server: Record<string, string> }
let clients = 0
beforeAll(async () => {
  platform = await startPlatform()
  operator = { 'x-api-key': platform.keys.operator }
  host = await startTestLambdaHost(platform.gateway.url, {}, atDesk)
  await expectOk(await host.register(platform.gateway.credentials.get('lambdas') ?? ''))
})
afterAll(async () => {
  await host?.close()
  await platform?.close()
})
beforeEach(async () => {
  clients += 1
  const slug = `client-${clients}`
  const create = `mutation ($slug: String!) { createClient(slug: $slug, name: "Client", modules: ["users", "data"]) { secretKey deployKey } }`
  const { createClient } = await dataOf<{ createClient: { secretKey: string; deployKey: string } }>(
    platform.gateway.query(create, operator, { slug }),
  )
  const { secretKey, deployKey } = createClient
  client = { slug, deployer: { 'x-api-key': deployKey }, server: { 'x-api-key': secretKey } }
})

/** Of an answer that has some. */
async function dataOf<Data>(answer: Promise<Answer>): Promise<Data> {
  const { data, errors } = await answer
  if (!data) throw new Error(JSON.stringify(errors))
  return data as Data
}

type Deployed = { number: number; message: string | null; active: boolean; errors: object[] }

async function release(sdl: string, said: object = {}, variables: object = {}, headers = client.deployer) {
  const files = [
    { path: 'plugin.ts', content: sdl },
    { path: 'said.json', content: JSON.stringify(said, null, 1) },
  ]
  const given = { client: client.slug, files, ...variables }
  const { data, errors } = await platform.gateway.query(deploy, headers, given)
  return { ...(data?.deployPlugin as Deployed | undefined), refused: errors?.[0]?.extensions.code }
}
const activateRelease = (number: number, variables: object = {}, headers = client.deployer) =>
  platform.gateway.query(activate, headers, { client: client.slug, release: number, ...variables })
/** Whether the client's graph has the field now. */
const hasField = async (field: string) => {
  const query = `{ record(id: "r") { createdBy { ${field} } } }`
  const { status } = await platform.gateway.query(query, client.server)
  return status === 200
}

test('back and forth between releases: served when the answer comes, and on record', async () => {
  await release(tier, {}, { message: 'Tiers' })
  await release(rank)
  expect(await hasField('rank')).toBe(true)
  expect((await activateRelease(1)).data).toEqual({
    activateRelease: { client: client.slug, reason: expect.stringContaining('1') },
  })
  expect(await hasField('rank')).toBe(false)
  expect(await hasField('tier')).toBe(true)
  expect((await activateRelease(2)).errors).toBeUndefined()
  // Once more is no change.
  expect((await activateRelease(2)).errors).toBeUndefined()
  expect(await hasField('rank')).toBe(true)

  const changes = `query ($client: String) { changes(client: $client, action: null, first: 4) { edges { node { action actor before after } } } }`
  type Change = { action: string; before: object | null; after: object }
  const { changes: page } = await dataOf<{ changes: { edges: { node: Change }[] } }>(
    platform.gateway.query(changes, operator, { client: client.slug }),
  )
  expect(page.edges.map(({ node }) => [node.action, node.before, node.after])).toEqual([
    [
      'registry.plugin.activated',
      expect.objectContaining({ release: 1 }),
      expect.objectContaining({ release: 2 }),
    ],
    [
      'registry.plugin.activated',
      expect.objectContaining({ release: 2 }),
      expect.objectContaining({ release: 1 }),
    ],
    [
      'registry.plugin.released',
      expect.objectContaining({ release: 1 }),
      expect.objectContaining({ release: 2 }),
    ],
    ['registry.plugin.released', null, expect.objectContaining({ release: 1, message: 'Tiers' })],
  ])
})

test('what a release handles that is served again is announced before it is', async () => {
  await release(tier, { handlers: ['data.record.created'] })
  await release(rank)
  announced.length = 0
  expect((await activateRelease(1)).errors).toBeUndefined()
  expect(announced).toEqual([
    { do: 'announce', types: ['data.record.created'], slug: client.slug, activeRelease: 2 },
  ])
  // One that handles nothing has nothing to announce, and neither has one that is refused.
  expect((await activateRelease(2)).errors).toBeUndefined()
  expect((await activateRelease(3)).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
  expect(announced).toHaveLength(1)
})

test('what is served already, deployed once more, is that release', async () => {
  const first = await release(tier, {}, { message: 'Tiers' })
  expect(await release(tier, {}, { message: 'Again' })).toEqual(first)
  expect(await release(rank)).toMatchObject({ number: 2 })
  expect(await release(tier)).toMatchObject({ number: 3, active: true })
})

test('deployments at once get a number each, and the last of them is served', async () => {
  const deployed = await Promise.all(
    [1, 2, 3, 4].map((n) => release(tier, {}, { message: `${n}` }).then(() => release(`${tier}\n# ${n}`))),
  )
  const numbers = deployed.map(({ number = 0 }) => number)
  expect(deployed.every(({ active, errors }) => active && errors?.length === 0)).toBe(true)
  expect(new Set(numbers).size).toBe(4)
  type Releases = { client: { releases: { edges: { node: { number: number; active: boolean } }[] } } }
  const list =
    'query ($client: String!) { client(slug: $client) { releases(first: 100) { edges { node { number active } } } } }'
  const { edges } = (await dataOf<Releases>(platform.gateway.query(list, operator, { client: client.slug })))
    .client.releases
  expect(edges.filter(({ node }) => node.active).map(({ node }) => node.number)).toEqual([edges.length])
})

test('a release that does not fit the modules any more is refused, and what runs goes on', async () => {
  await release('type Record @key(fields: "id") {\n id: ID!\n tier: String }')
  await release(tier)
  const schema = dataSdl.replace('createdBy: User', 'createdBy: User  tier: Int')
  await expectOk(
    await platform.data.register({ sdl: schema, resolvers: { ...createDataControl().resolvers } }),
  )
  const { errors } = await activateRelease(1)
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'PLUGIN_INVALID' })
  expect(errors?.[0]?.extensions.errors).toEqual([
    {
      code: 'CORE_FIELD_REDECLARED',
      message: expect.stringContaining('Record.tier'),
      file: 'plugin.ts',
      line: 3,
    },
  ])
  expect(await hasField('tier')).toBe(true)
})

test('what a release used, and a module has taken back since, is told with its line, at a rollback and at a deployment', async () => {
  const resolvers = { ...createDataControl().resolvers }
  const marker = 'directive @replaceable on FIELD_DEFINITION '
  const before = dataSdl.replace('createdBy: User', 'createdBy: User  total: Int  title: String @replaceable')
  await expectOk(await platform.data.register({ sdl: marker + before, resolvers }))
  const used = `type Record @key(fields: "id") {
  id: ID!
  total: Int @external
  tier: String @requires(fields: "total")
}`
  const replaced = 'type Record @key(fields: "id") {\n  id: ID!\n  title: String @override(from: "data")\n}'
  expect(await release(used)).toMatchObject({ active: true })
  expect(await release(replaced)).toMatchObject({ number: 2, active: true })
  expect(await release(tier, { rules: ['Mutation.touch'] })).toMatchObject({ number: 3, active: true })
  expect(await release(rank)).toMatchObject({ number: 4, active: true })
  // Nobody is served what uses these: they may go.
  await expectOk(
    await platform.data.register({
      sdl: dataSdl.replace('type Mutation { touch: Record }', ''),
      resolvers: {},
    }),
  )
  const faultsOf = async (number: number) => {
    const { errors } = await activateRelease(number)
    expect(errors?.[0]?.extensions.code).toBe('PLUGIN_INVALID')
    const faults = errors?.[0]?.extensions.errors as { code: string; file: string; line: number }[]
    return faults.map(({ code, file, line }) => `${file}:${line} ${code}`)
  }
  expect(await faultsOf(1)).toEqual(['plugin.ts:3 EXTERNAL_MISSING_ON_BASE'])
  expect(await faultsOf(2)).toEqual(['plugin.ts:3 OVERRIDE_NOT_ALLOWED'])
  expect(await faultsOf(3)).toEqual(['said.json:3 RULE_WITHOUT_FIELD'])
  expect((await release(used)).errors).toEqual([
    { code: 'EXTERNAL_MISSING_ON_BASE', file: 'plugin.ts', line: 3 },
  ])
  expect(await hasField('rank')).toBe(true)
  await expectOk(await platform.data.register({ sdl: dataSdl, resolvers }))
})

test('what changes between the judgement of a release and its turn is judged with it', async () => {
  const { db } = platform.gateway
  const sdl = dataSdl.replace('createdBy: User', 'createdBy: User  total: Int')
  await expectOk(await platform.data.register({ sdl, resolvers: { ...createDataControl().resolvers } }))
  const used =
    'type Record @key(fields: "id") { id: ID!  total: Int @external  tier: String @requires(fields: "total") }'
  await release(used)
  await release(rank)
  const waiting = async () => {
    const [row] = await db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_locks l JOIN pg_database d ON d.oid = l.database
      WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted`
    return row?.waiting === 2
  }
  const [activated, deployed] = await db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(7301)`
      const both = [activateRelease(1), release(`${used} # again`)] as const
      await eventually('both were judged, and wait', waiting, 5_000)
      const { sdl: known } = await tx.module.findUniqueOrThrow({ where: { name: 'data' } })
      await tx.module.update({ where: { name: 'data' }, data: { sdl: known.replace('total: Int', '') } })
      return both
    },
    { timeout: 10_000 },
  )
  expect((await activated).errors?.[0]?.extensions.errors).toMatchObject([
    { code: 'EXTERNAL_MISSING_ON_BASE' },
  ])
  expect(await deployed).toMatchObject({ active: false, errors: [{ code: 'EXTERNAL_MISSING_ON_BASE' }] })
  expect(await hasField('rank')).toBe(true)
  await expectOk(await platform.data.register({ sdl: dataSdl }))
})

describe('what a plugin asks the graph', () => {
  const query = (text: string, line = 7) => ({ documents: [{ text, file: 'ask.ts', line }] })
  const totals = query('query Totals {\n record(id: "1") {\n total } }')
  const withTotal = dataSdl.replace('createdBy: User', 'createdBy: User  total: Int')
  const registerData = (sdl: string) =>
    platform.data.register({ sdl, resolvers: { ...createDataControl().resolvers } })
  const switchData = (variables: object = {}) =>
    platform.gateway.query(
      'mutation ($client: String!, $force: Boolean) { disableModule(client: $client, module: "data", force: $force) { id } }',
      operator,
      { client: client.slug, ...variables },
    )
  afterEach(async () => expectOk(await registerData(dataSdl)))

  test('is there, in the whole graph that it would be served with, or the release is refused', async () => {
    const own = query('query Own($id: ID!) { record(id: $id) { createdBy { id tier } } }')
    expect(await release(tier, own, { dryRun: true })).toMatchObject({ active: false, errors: [] })
    expect(await release(tier, own)).toMatchObject({ active: true, errors: [] })
    const wrong = {
      documents: [
        ...query('query Wrong {\n record(id: "1") {\n name } }').documents,
        ...query('query Open {', 20).documents,
        ...query('query A { caller } query B { caller }', 30).documents,
        ...query('fragment Part on User { id\n name rank }', 40).documents,
      ],
    }
    for (const variables of [{ dryRun: true }, {}])
      expect((await release(tier, wrong, variables)).errors).toEqual([
        { code: 'OPERATION_INVALID', file: 'ask.ts', line: 9 },
        { code: 'OPERATION_INVALID', file: 'ask.ts', line: 20 },
        { code: 'OPERATION_INVALID', file: 'ask.ts', line: 30 },
        { code: 'OPERATION_INVALID', file: 'ask.ts', line: 41 },
      ])
    expect(await release(tier, wrong, { force: true }, operator)).toMatchObject({ number: 2, active: true })
  })

  test('is not taken away but by force, and the reasons have its file and line', async () => {
    await expectOk(await registerData(withTotal))
    expect(await release(tier, totals)).toMatchObject({ active: true })
    const refused = await registerData(dataSdl)
    expect(refused.status).toBe(422)
    const { errors } = (await refused.json()) as { errors: { message: string; extensions: object }[] }
    expect(errors).toMatchObject([
      {
        message: `[client ${client.slug}] ask.ts:9: "Record.total" would be gone: the plugin uses it for "Totals" (ask.ts:9).`,
        extensions: { code: 'PLUGIN_LOSES_FIELD', client: client.slug, file: 'ask.ts', line: 9 },
      },
    ])
    const off = await switchData()
    expect(off.errors?.[0]?.extensions).toMatchObject({
      code: 'SCHEMA_REFUSED',
      errors: [
        { code: 'PLUGIN_LOSES_FIELD', file: 'ask.ts', line: 8 },
        { code: 'PLUGIN_LOSES_ARGUMENT', file: 'ask.ts', line: 8 },
        { code: 'PLUGIN_LOSES_FIELD', file: 'ask.ts', line: 9 },
      ],
    })
    expect(await hasField('tier')).toBe(true)
    // An operator insists, on the schema and then on the switch.
    const admit = 'mutation ($sdl: String!) { admitModuleSchema(module: "data", sdl: $sdl) { name } }'
    expect(
      (await platform.gateway.query(admit, operator, { sdl: federation + dataSdl })).errors,
    ).toBeUndefined()
    await expectOk(await registerData(dataSdl))
    expect((await switchData({ force: true })).errors).toBeUndefined()
  })

  test('is judged anew when it is served again; what nobody is served may go', async () => {
    await expectOk(await registerData(withTotal))
    await release(tier, totals)
    await release(rank)
    await expectOk(await registerData(dataSdl))
    const { errors } = await activateRelease(1)
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'PLUGIN_INVALID',
      errors: [{ code: 'OPERATION_INVALID', file: 'ask.ts', line: 9 }],
    })
    expect((await activateRelease(1, { force: true })).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    expect((await activateRelease(1, { force: true }, operator)).errors).toBeUndefined()
    expect(await hasField('tier')).toBe(true)
    expect(await release(rank)).toMatchObject({ active: true })
  })

  test('is not known of a release from before it was noted: it goes on as it did', async () => {
    await expectOk(await registerData(withTotal))
    await release(tier, totals)
    const { db } = platform.gateway
    await db.$executeRaw`UPDATE plugin_release SET documents = DEFAULT, asked = DEFAULT WHERE client = ${client.slug}`
    await expectOk(await registerData(dataSdl))
    await release(rank)
    expect((await activateRelease(1)).errors).toBeUndefined()
  })
})

test('a rule guards a root field that is there', async () => {
  const rules = ['Mutation.touch', 'Mutation.touched', 'Query.touch']
  expect((await release(tier, { rules })).errors).toEqual([
    { code: 'RULE_WITHOUT_FIELD', file: 'said.json', line: 4 },
    { code: 'RULE_WITHOUT_FIELD', file: 'said.json', line: 5 },
  ])
  expect(await release(tier, { rules: ['Mutation.touch'] })).toMatchObject({ active: true })
})

test('what a plugin needs is granted first', async () => {
  const needs = { scopes: ['notify', 'records:read'], egress: ['api.example.com'] }
  expect((await release(tier, { needs }, { dryRun: true })).errors).toEqual([
    { code: 'NEEDS_NOT_GRANTED', file: 'said.json', line: 4 },
    { code: 'NEEDS_NOT_GRANTED', file: 'said.json', line: 5 },
    { code: 'NEEDS_NOT_GRANTED', file: 'said.json', line: 8 },
  ])
  // Only operators may insist.
  expect((await release(tier, { needs }, { force: true })).refused).toBe('FORBIDDEN')
  expect(await release(tier, { needs }, { force: true }, operator)).toMatchObject({ number: 1, active: true })
  const grant = (scopes: string[], egress: string[]) => {
    const mutation =
      'mutation ($client: String!, $scopes: [String!]!, $egress: [String!]!) { grantPlugin(client: $client, scopes: $scopes, egress: $egress) { slug } }'
    return platform.gateway.query(mutation, operator, { client: client.slug, scopes, egress })
  }
  expect((await grant(['notify', 'records:read'], ['api.example.com'])).errors).toBeUndefined()
  expect(await release(rank, { needs })).toMatchObject({ number: 2, active: true, errors: [] })
  // What is withdrawn meanwhile an older release does not get back.
  expect((await grant(['notify', 'records:read'], ['*.example.org'])).errors).toBeUndefined()
  const { errors } = await activateRelease(1)
  expect(errors?.[0]?.extensions.errors).toEqual([
    { code: 'NEEDS_NOT_GRANTED', message: expect.any(String), file: 'said.json', line: 8 },
  ])
  expect((await grant(['notify', 'records:read'], ['*.example.com'])).errors).toBeUndefined()
  expect((await activateRelease(1)).errors).toBeUndefined()
})

test('a deployer releases for its own client: others, and releases that are not, are not found', async () => {
  await release(tier)
  const refusals = [
    await activateRelease(1, { client: 'globex' }),
    await activateRelease(1, { client: 'initech' }),
    await activateRelease(1, {}, { 'x-api-key': platform.keys.globexDeploy }),
    await activateRelease(2),
    await activateRelease(-1),
    await activateRelease(2_147_483_647),
  ]
  for (const { data, errors } of refusals) {
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND')
    expect(data?.activateRelease ?? null).toBeNull()
  }
})

test('a field that the core marks as replaceable is answered by the plugin, and the core is not asked', async () => {
  const marked = `directive @replaceable on FIELD_DEFINITION ${dataSdl.replace('createdBy: User', 'createdBy: User  title: String @replaceable')}`
  let asked = 0
  const record = {
    title() {
      asked += 1
      return 'of the core'
    },
  }
  const resolvers = { ...createDataControl().resolvers, Record: record }
  await expectOk(await platform.data.register({ sdl: marked, resolvers }))
  const title = async () => {
    const answer = platform.gateway.query('{ record(id: "r") { title } }', client.server)
    return (await dataOf<{ record: { title: string } }>(answer)).record.title
  }
  expect(await title()).toBe('of the core')
  const replaced = 'type Record @key(fields: "id") { id: ID!  title: String @override(from: "data") }'
  expect(await release(replaced)).toMatchObject({ active: true, errors: [] })
  expect(await title()).toMatch(/^[\da-f]{64}$/)
  expect(asked).toBe(1)
  expect(
    (
      await release(
        'type Record @key(fields: "id") {\n id: ID!\n createdBy: String @override(from: "data") }',
      )
    ).errors,
  ).toEqual([{ code: 'OVERRIDE_NOT_ALLOWED', file: 'plugin.ts', line: 3 }])
})
