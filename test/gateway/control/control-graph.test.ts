import { getIntrospectionQuery } from 'graphql'
import { eventually } from '../../support/eventually.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { expectOk, type Platform, startPlatform } from '../../support/two-subgraphs.ts'

const deploy = `mutation ($client: String!, $files: [PluginFile!]!, $dryRun: Boolean) {
  deployPlugin(client: $client, files: $files, message: "Tiers", dryRun: $dryRun) {
    number message active errors { code message file line } functions { name }
  }
}`
const tiers = 'type User @key(fields: "id") { id: ID!  tier: String }'

describe('the control schema', () => {
  let platform: Platform
  let operator: Record<string, string>
  let deployer: Record<string, string>
  beforeEach(async () => {
    platform = await startPlatform()
    operator = { 'x-api-key': platform.keys.operator }
    deployer = { 'x-api-key': platform.keys.deploy }
  })
  afterEach(() => platform.close())

  const deployFile = (content: string, headers = deployer, variables: object = {}) =>
    platform.gateway.query(deploy, headers, {
      client: 'acme',
      files: [{ path: 'plugin.ts', content }],
      ...variables,
    })
  const tierOf = (key: string) =>
    platform.gateway.query('{ record(id: "r") { createdBy { name tier } } }', { 'x-api-key': key })

  test('operators see clients, modules and instances', async () => {
    const { data } = await platform.gateway.query(
      '{ clients(first: 1) { totalCount pageInfo { hasNextPage } edges { node { slug modules { name } } } } modules { name instances { url status } } }',
      operator,
    )
    expect(data).toEqual({
      clients: {
        totalCount: 2,
        pageInfo: { hasNextPage: true },
        edges: [{ node: { slug: 'acme', modules: [{ name: 'data' }, { name: 'users' }] } }],
      },
      modules: [
        { name: 'data', instances: [{ url: platform.data.url, status: 'HEALTHY' }] },
        { name: 'users', instances: [{ url: platform.users.url, status: 'HEALTHY' }] },
      ],
    })
  })

  test.each([
    [
      'a name',
      'mutation ($text: String!) { createClient(slug: "initech", name: $text) { client { slug } } }',
    ],
    [
      'one of a list',
      'mutation ($text: String!) { createClient(slug: "initech", name: "I", modules: ["users", $text]) { client { slug } } }',
    ],
    ['a filter', 'query ($text: String) { changes(actor: $text) { totalCount } }'],
    [
      'a file',
      'mutation ($text: String!) { deployPlugin(client: "acme", files: [{ path: "plugin.ts", content: $text }]) { number } }',
    ],
  ])('a text that no database takes is refused: %s', async (_what, query) => {
    for (const text of ['a\0', 'a\ud800']) {
      const { errors } = await platform.gateway.query(query, operator, { text })
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT'])
    }
    expect(await platform.gateway.db.client.count()).toBe(2)
  })

  test('its operations have the limits of all others', async () => {
    const often = (count: number, field: string) =>
      Array.from({ length: count }, (_, n) => `f${n}: ${field}`).join(' ')
    const names = often(30, `fields { type { ${often(30, 'fields { name }')} } }`)
    for (const query of [`{ ${often(201, '__typename')} }`, `{ __schema { types { ${names} } } }`]) {
      const { status, errors } = await platform.gateway.query(query, deployer)
      expect(status).toBe(400)
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['OPERATION_TOO_COMPLEX'])
    }
    expect((await platform.gateway.query(getIntrospectionQuery(), deployer)).errors).toBeUndefined()
  })

  test('pages follow one another, and forged cursors are refused', async () => {
    const page = async (after: string | null, first = 1) =>
      platform.gateway.query(
        'query ($first: Int, $after: String) { clients(first: $first, after: $after) { edges { cursor node { slug } } pageInfo { endCursor hasNextPage hasPreviousPage } } }',
        operator,
        { first, after },
      )
    const first = (await page(null)).data?.clients as { pageInfo: { endCursor: string } }
    const second = await page(first.pageInfo.endCursor)
    expect(second.data).toMatchObject({
      clients: {
        edges: [{ node: { slug: 'globex' } }],
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
      },
    })
    const foreign = Buffer.from('["releases:acme","acme"]').toString('base64url')
    for (const cursor of ['x', 'acme', foreign]) {
      expect((await page(cursor)).errors?.[0]?.extensions.code).toBe('CURSOR_INVALID')
    }
    for (const size of [0, 101, -1])
      expect((await page(null, size)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  test('a deployer sees its own client only, and nothing for operators', async () => {
    const own = '{ client(slug: "acme") { slug releases { totalCount } } }'
    expect((await platform.gateway.query(own, deployer)).data).toEqual({
      client: { slug: 'acme', releases: { totalCount: 0 } },
    })
    const others = '{ globex: client(slug: "globex") { slug } initech: client(slug: "initech") { slug } }'
    expect((await platform.gateway.query(others, deployer)).data).toEqual({ globex: null, initech: null })
    for (const forbidden of [
      '{ clients { totalCount } }',
      '{ modules { name } }',
      '{ client(slug: "acme") { modules { instances { url } } } }',
      'mutation { createClient(slug: "new", name: "New") { deployKey } }',
    ]) {
      const { data, errors } = await platform.gateway.query(forbidden, deployer)
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN')
      expect(JSON.stringify(data)).not.toContain('http://')
    }
    const foreign = await deployFile(tiers, deployer, { client: 'globex' })
    const missing = await deployFile(tiers, deployer, { client: 'initech' })
    expect(foreign.errors?.[0]).toMatchObject({ extensions: { code: 'NOT_FOUND' } })
    expect(missing.errors).toEqual(foreign.errors)
  })

  test('a new client is served at once, with the keys that are shown once', async () => {
    const { data } = await platform.gateway.query(
      'mutation { createClient(slug: "initech", name: "Initech", modules: ["users"]) { client { name } secretKey deployKey } }',
      operator,
    )
    const created = data?.createClient as { secretKey: string; deployKey: string } | undefined
    const { secretKey = '', deployKey = '' } = created ?? {}
    expect((await platform.gateway.query('{ caller }', { 'x-api-key': secretKey })).data).toEqual({
      caller: 'SERVER of initech',
    })
    const own = await platform.gateway.query('{ client(slug: "initech") { slug } }', {
      'x-api-key': deployKey,
    })
    expect(own.data).toEqual({ client: { slug: 'initech' } })
  })

  test('without a lambda host nothing is deployed', async () => {
    expect((await deployFile(tiers)).errors?.[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE')
  })

  describe('with a lambda host', () => {
    let host: Awaited<ReturnType<typeof startTestLambdaHost>>
    beforeEach(async () => {
      host = await startTestLambdaHost(platform.gateway.url)
      await expectOk(await host.register(platform.gateway.credentials.get('lambdas') ?? ''))
    })
    afterEach(() => host.close())

    test('a release is served when the answer comes, to that client only', async () => {
      expect((await tierOf(platform.keys.sk)).status).toBe(400)
      expect((await deployFile(tiers)).data).toEqual({
        deployPlugin: {
          number: 1,
          message: 'Tiers',
          active: true,
          errors: [],
          functions: [{ name: 'User.tier' }],
        },
      })
      const { data } = await tierOf(platform.keys.sk)
      expect(data).toEqual({
        record: { createdBy: { name: 'Name of u1', tier: expect.stringMatching(/^[\da-f]{64}$/) } },
      })
      const globex = await platform.gateway.query('{ me { tier } }', { 'x-api-key': platform.keys.globexSk })
      expect(globex.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    })

    test('a second release of the same schema brings the new code', async () => {
      await deployFile(tiers)
      const before = await tierOf(platform.keys.sk)
      expect((await deployFile(`# Changed\n${tiers}`)).data).toMatchObject({ deployPlugin: { number: 2 } })
      expect((await tierOf(platform.keys.sk)).data).not.toEqual(before.data)
      const releases = '{ client(slug: "acme") { releases { edges { node { number active message } } } } }'
      expect((await platform.gateway.query(releases, operator)).data).toEqual({
        client: {
          releases: {
            edges: [
              { node: { number: 2, active: true, message: 'Tiers' } },
              { node: { number: 1, active: false, message: 'Tiers' } },
            ],
          },
        },
      })
    })

    test('a dry run goes through everything and changes nothing', async () => {
      expect((await deployFile(tiers, operator, { dryRun: true })).data).toMatchObject({
        deployPlugin: { number: 1, active: false, errors: [] },
      })
      expect((await tierOf(platform.keys.sk)).status).toBe(400)
      expect((await deployFile(tiers)).data).toMatchObject({ deployPlugin: { number: 1 } })
    })

    test('what does not build or compose is refused with file and line, and what runs goes on', async () => {
      await deployFile(tiers)
      expect((await deployFile('BROKEN')).data).toMatchObject({
        deployPlugin: {
          number: 2,
          active: false,
          errors: [{ code: 'PLUGIN_SYNTAX', message: 'It is broken.', file: 'plugin.ts', line: 1 }],
        },
      })
      const { data } = await deployFile('type User @key(fields: "id") {\n  id: ID!\n  name: Int\n}')
      expect(data).toMatchObject({ deployPlugin: { number: 2, active: false } })
      const release = data?.deployPlugin as { errors: object[] } | undefined
      expect(release?.errors).toContainEqual(
        expect.objectContaining({ code: 'CORE_FIELD_REDECLARED', file: 'plugin.ts', line: 3 }),
      )
      expect((await tierOf(platform.keys.sk)).status).toBe(200)
    })

    test('the plugin dies alone: its field is null, the rest is there', async () => {
      await deployFile(tiers)
      await host.close()
      const { data, errors } = await eventually('the answer without the plugin', async () =>
        tierOf(platform.keys.sk),
      )
      expect(data).toEqual({ record: { createdBy: { name: 'Name of u1', tier: null } } })
      expect(errors?.[0]).toMatchObject({ path: ['record', 'createdBy', 'tier'] })
    })
  })
})
