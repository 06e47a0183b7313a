import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { eventually } from '../../support/eventually.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { federation } from '../../support/test-subgraph.ts'
import { dataSdl, expectOk, type Platform, startPlatform } from '../../support/two-subgraphs.ts'

type Status = { id: string; client: string; number: number; reason: string; supergraphHash: string }

const deploy = `mutation ($client: String!, $files: [PluginFile!]!) {
  deployPlugin(client: $client, files: $files) { number active errors { message } }
}`
const status = '{ id client number supergraphHash reason leases liveSubscriptions activatedAt }'
const tier = (comment: string) => `# ${comment}\ntype User @key(fields: "id") { id: ID!  tier: String }`

let platform: Platform
let lambdas: Awaited<ReturnType<typeof startTestLambdaHost>>
beforeAll(async () => {
  platform = await startPlatform()
  lambdas = await startTestLambdaHost(platform.gateway.url)
  await expectOk(await lambdas.register(platform.gateway.credentials.get('lambdas') ?? ''))
})
afterAll(async () => {
  await lambdas.close()
  await platform.close()
})

const ask = async (query: string, key: string, variables = {}) =>
  platform.gateway.query(query, { 'x-api-key': key }, variables)
const generationOf = async (client: string) => {
  const { data } = await ask(`{ client(slug: "${client}") { generation ${status} } }`, platform.keys.operator)
  return (data?.client as { generation: Status | null } | undefined)?.generation ?? null
}

function listen(client: string | null, apiKey = platform.keys.operator) {
  const socket = createClient({
    url: `${platform.gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey },
    retryAttempts: 0,
  })
  const query = `subscription ($client: String) { generationChanged(client: $client) ${status} }`
  const changes = socket.iterate<{ generationChanged: Status }>({ query, variables: { client } })
  /** What came before on the same socket has begun by then. */
  const begun = async () => {
    const next = changes.next()
    await socket.iterate({ query: '{ clients { totalCount } }' }).next()
    return { next }
  }
  return { changes, begun, close: () => socket.dispose() }
}

test('a client is at rest until somebody asks, and its generation says why it is there', async () => {
  expect(await generationOf('globex')).toBeNull()
  await ask('{ caller }', platform.keys.globexSk)
  expect(await generationOf('globex')).toMatchObject({
    client: 'globex',
    number: 1,
    reason: 'first use',
    leases: 0,
    liveSubscriptions: 0,
    supergraphHash: expect.stringMatching(/^[\da-f]{64}$/),
  })
})

test('a change of one client is told, says what changed, and leaves the other client as it is', async () => {
  await Promise.all([ask('{ caller }', platform.keys.sk), ask('{ caller }', platform.keys.globexSk)])
  const before = await generationOf('globex')
  const [own, all, others] = [listen('acme'), listen(null), listen('globex')]
  const [first, second, nothing] = await Promise.all([own, all, others].map(({ begun }) => begun()))
  const files = [{ path: 'plugin.ts', content: tier('one') }]
  let answered = await ask(deploy, platform.keys.deploy, { client: 'acme', files })
  expect(answered.data).toMatchObject({ deployPlugin: { number: 1, active: true, errors: [] } })
  const now = await generationOf('acme')
  expect(now).toMatchObject({ client: 'acme', reason: 'plugin release 1' })
  for (const change of await Promise.all([first?.next, second?.next])) {
    expect(change?.value?.data?.generationChanged).toMatchObject({ id: now?.id, reason: 'plugin release 1' })
  }
  expect(await generationOf('globex')).toEqual(before)

  const again = own.changes.next()
  answered = await ask(deploy, platform.keys.deploy, {
    client: 'acme',
    files: [{ path: 'plugin.ts', content: tier('two') }],
  })
  expect((await again).value?.data?.generationChanged).toMatchObject({
    reason: 'plugin release 2',
    number: (now?.number ?? 0) + 1,
    // Other code under the same schema.
    supergraphHash: now?.supergraphHash,
  })
  await Promise.all([own.close(), all.close(), others.close()])
  expect((await nothing?.next)?.value).toBeUndefined()
})

test('the SDL is what the client’s users see, and a deployer sees its own', async () => {
  const sdlOf = async (client: string, key: string) => {
    const { data } = await ask(`{ client(slug: "${client}") { sdl } }`, key)
    return (data?.client as { sdl: string } | null)?.sdl
  }
  expect(await sdlOf('acme', platform.keys.deploy)).toContain('tier: String')
  expect(await sdlOf('globex', platform.keys.operator)).not.toContain('tier: String')
  expect(await sdlOf('globex', platform.keys.deploy)).toBeUndefined()
})

test('of a client that stayed behind is told why, to itself, too; no longer when it need not be', async () => {
  const errorsOf = async (client: string, key = platform.keys.operator) => {
    const query = `{ client(slug: "${client}") { generation { id } compositionErrors { code message file line } } }`
    const answer = (await ask(query, key)).data?.client as { generation: Status; compositionErrors: object[] }
    return answer?.compositionErrors
  }
  const content = 'type Record @key(fields: "id") {\n  id: ID!\n  tier: String\n}'
  const deployed = await ask(deploy, platform.keys.deploy, {
    client: 'acme',
    files: [{ path: 'plugin.ts', content }],
  })
  expect(deployed.data).toMatchObject({ deployPlugin: { active: true } })
  const before = await generationOf('acme')
  expect(await errorsOf('acme')).toEqual([])
  const sdl = dataSdl.replace('createdBy: User', 'createdBy: User  tier: Int')
  await ask(
    'mutation ($sdl: String!) { admitModuleSchema(module: "data", sdl: $sdl) { name } }',
    platform.keys.operator,
    { sdl: federation + sdl },
  )
  await expectOk(await platform.data.register({ sdl }))
  const expected = [
    { code: 'CORE_FIELD_REDECLARED', message: expect.any(String), file: 'plugin.ts', line: 3 },
  ]
  await eventually('it is told', async () => ((await errorsOf('acme'))?.length ?? 0) > 0)
  expect(await errorsOf('acme')).toEqual(expected)
  expect(await errorsOf('acme', platform.keys.deploy)).toEqual(expected)
  expect(await errorsOf('acme', platform.keys.globexDeploy)).toBeUndefined()
  expect(await errorsOf('globex')).toEqual([])
  expect(await generationOf('acme')).toEqual(before)
  // What ran all the time is the newest again.
  await expectOk(await platform.data.register({ sdl: dataSdl }))
  expect(await errorsOf('acme')).toEqual([])
})

test('only operators hear of generations', async () => {
  const { changes, close } = listen('acme', platform.keys.deploy)
  await expect(changes.next()).resolves.toMatchObject({
    value: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
  })
  await close()
})
