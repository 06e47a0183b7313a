import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { createGatewayTokenSigner, lambdaAudience } from '../../../foundation/gateway-token.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createSigningKeys } from '../../../foundation/signing-keys.ts'
import { createApiKey } from '../../../gateway/registry/api-keys.ts'
import { openPlatformDatabase } from '../../../gateway/registry/platform-database.ts'
import { createSigningKeyStore } from '../../../gateway/registry/signing-key-store.ts'
import { createCuttableDatabase } from '../../support/cuttable-database.ts'
import { eventually } from '../../support/eventually.ts'
import type { Answer } from '../../support/gateway-under-test.ts'
import { startReplica } from '../../support/second-gateway.ts'
import { makeTemporaryFolder } from '../../support/temporary-folder.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { expectOk, type Platform, startPlatform } from '../../support/two-subgraphs.ts'

let platform: Platform
let database: Awaited<ReturnType<typeof createCuttableDatabase>>
let direct: ReturnType<typeof openPlatformDatabase>
let host: Awaited<ReturnType<typeof startTestLambdaHost>>
let keyId: string
beforeAll(async () => {
  database = await createCuttableDatabase()
  direct = openPlatformDatabase(database.directUrl)
  platform = await startPlatform({ database })
  host = await startTestLambdaHost(platform.gateway.url)
  await expectOk(await host.register(platform.gateway.credentials.get('lambdas') ?? ''))
  keyId = (await createApiKey(direct, { kind: 'PARTNER', client: 'acme', name: 'Kept' })).id
})
afterAll(async () => {
  await direct?.$disconnect()
  await host?.close()
  await platform?.close()
})

const operate = (query: string) => platform.gateway.query(query, { 'x-api-key': platform.keys.operator })
const serve = (query: string) => platform.gateway.query(query, { 'x-api-key': platform.keys.sk })
const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code)
const files = '[{ path: "plugin.ts", content: "type User @key(fields: \\"id\\") { id: ID! tier: String }" }]'
/** All that the registry holds but what is not changed by calls. */
const contents = async () =>
  JSON.stringify([
    await direct.client.findMany({ include: { modules: true }, orderBy: { slug: 'asc' } }),
    await direct.apiKey.findMany({ orderBy: { id: 'asc' }, omit: { lastUsedAt: true } }),
    await direct.flag.findMany({ orderBy: { name: 'asc' } }),
    await direct.pluginRelease.findMany({ omit: { createdAt: true } }),
    await direct.registryChange.count(),
    await direct.eventLogRow.count(),
  ])

/** Holds what a change waits for, so that whatever happens finds it under way; resolves when it is held. */
async function holdLock() {
  const held = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const holding = direct.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(7301)`
      held.resolve()
      await over.promise
    },
    { timeout: 20_000 },
  )
  await Promise.race([held.promise, holding])
  return async () => {
    over.resolve()
    await holding
  }
}
const underWay = () =>
  eventually('the change is under way', async () => {
    const [row] = await direct.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_locks l JOIN pg_database d ON d.oid = l.database
      WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted`
    return row?.waiting
  })

/** A new client, whose change has begun and waits; `letGo` resolves when what it waits for is over. */
async function changeUnderWay(slug: string) {
  const letGo = await holdLock()
  const change = operate(creating(slug))
  await underWay()
  return { change, letGo }
}
const creating = (slug: string) => `mutation { createClient(slug: "${slug}", name: "${slug}") { secretKey } }`

const ofOperators = [
  'mutation { createClient(slug: "initech", name: "Initech") { secretKey } }',
  'mutation { enableModule(client: "globex", module: "data") { id } }',
  'mutation { disableModule(client: "acme", module: "data") { id } }',
  'mutation { admitModuleSchema(module: "users", sdl: "type Query { x: Int }") { name } }',
  'mutation { setFlag(name: "beta", enabled: true) { name } }',
  'mutation { grantPlugin(client: "acme", scopes: ["notify"], egress: []) { slug } }',
  'mutation { setLimits(client: "acme", limits: { memoryMb: 64 }) { slug } }',
  'mutation { setSecret(client: "acme", name: "A", value: "b") { name } }',
  'mutation { deleteSecret(client: "acme", name: "A") }',
  `mutation { deployPlugin(client: "acme", files: ${files}) { number } }`,
  'mutation { activateRelease(client: "acme", release: 1) { id } }',
  '{ changes { edges { node { id } } } }',
  '{ client(slug: "acme") { releases { totalCount } } }',
]
const ofAdministrators = [
  '{ apiKeys { totalCount } }',
  'mutation { createApiKey(input: { name: "x", kind: SECRET }) { secret } }',
  'mutation { setApiKeyTags(id: "KEY", tags: ["public"]) { id } }',
  'mutation { revokeApiKey(id: "KEY") { id } }',
]

test('while the database is away each change and each list says REGISTRY_UNAVAILABLE, and nothing is half done', async () => {
  const before = await contents()
  await database.cut()
  for (const query of ofOperators) {
    // Twice: what finds a connection that was lost fails otherwise than what makes a new one.
    for (const answer of [await operate(query), await operate(query)])
      expect([query, codesOf(answer)]).toEqual([query, ['REGISTRY_UNAVAILABLE']])
  }
  for (const query of ofAdministrators) {
    const answer = await serve(query.replace('KEY', keyId))
    expect([query, codesOf(answer)]).toEqual([query, ['REGISTRY_UNAVAILABLE']])
    expect(JSON.stringify(answer.errors)).not.toMatch(/prisma|127\.0\.0\.1|connect/i)
  }
  const elsewhere = await platform.data.register({ id: 'another' })
  expect(elsewhere.status).toBe(503)
  expect(await elsewhere.json()).toMatchObject({ errors: [{ extensions: { code: 'REGISTRY_UNAVAILABLE' } }] })
  // What it knows it goes on answering.
  expect(
    codesOf(
      await operate('{ clients { edges { node { slug flags { name } } } } modules { name } flags { name } }'),
    ),
  ).toEqual([])
  expect((await serve('{ caller record(id: "r1") { id } }')).data).toEqual({
    caller: 'SERVER of acme',
    record: { id: 'r1' },
  })
  expect(await contents()).toBe(before)

  await database.mend()
  for (const query of ofOperators.filter((query) => !query.includes('Secret(')))
    expect([query, codesOf(await operate(query))]).toEqual([query, []])
  for (const query of ofAdministrators)
    expect([query, codesOf(await serve(query.replace('KEY', keyId)))]).toEqual([query, []])
  expect(await contents()).not.toBe(before)
})

test('while the database takes what it is sent and answers nothing, everybody is told within moments', async () => {
  const before = await contents()
  const { change: begun, letGo } = await changeUnderWay('hanging')
  database.hang()
  await letGo()
  const changes = ofOperators.slice(0, 5).map((query) => operate(query).then(codesOf))
  const lists = [operate('{ changes { edges { node { id } } } }'), serve('{ apiKeys { totalCount } }')]
  const elsewhere = platform.data.register({ id: 'another' })
  expect((await serve('{ caller }')).data).toEqual({ caller: 'SERVER of acme' })
  for (const codes of await Promise.all([...changes, ...lists.map(async (list) => codesOf(await list))]))
    expect(codes).toEqual(['REGISTRY_UNAVAILABLE'])
  expect((await elsewhere).status).toBe(503)
  // The one that was in its middle, too.
  expect(codesOf(await begun)).toEqual(['REGISTRY_UNAVAILABLE'])
  const ready = await (await fetch(`${platform.gateway.url}/health/ready`)).json()
  expect(ready).toMatchObject({ status: 'degraded' })
  // No connection that hung is left for those who come later.
  await database.cut()
  await database.mend()
  expect(await contents()).toBe(before)
  expect(codesOf(await operate('mutation { setFlag(name: "again", enabled: true) { name } }'))).toEqual([])
})

test('a database that goes away in the middle of a change leaves nothing of it', async () => {
  const before = await contents()
  const { change, letGo } = await changeUnderWay('umbrella')
  await database.cut()
  await letGo()
  expect(codesOf(await change)).toEqual(['REGISTRY_UNAVAILABLE'])
  expect(await contents()).toBe(before)
  await database.mend()
  expect(codesOf(await operate(creating('umbrella')))).toEqual([])
})

test('a gateway that starts meanwhile on its state file takes what the others and the users module have signed', async () => {
  const folder = await makeTemporaryFolder()
  const stateFile = join(folder.path, 'registry')
  const first = await startReplica(platform.gateway, { stateFile })
  // Another replica, which comes later, and whose private key this test has.
  const keys = await createSigningKeys(createSigningKeyStore(direct, () => [], silentLog))
  const sign = createGatewayTokenSigner(keys)
  const kids = (await direct.signingKey.findMany()).map(({ kid }) => kid)
  await eventually('the state file has the keys of all', async () => {
    const { state } = deserialize(await readFile(stateFile)) as { state: { signingKeys: { kid: string }[] } }
    return kids.every((kid) => state.signingKeys.some((key) => key.kid === kid))
  })
  const { state } = deserialize(await readFile(stateFile))
  for (const { jwk } of state.signingKeys) {
    expect(jwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
    expect(jwk).not.toHaveProperty('d')
  }
  await first.close()

  await database.cut()
  const again = await startReplica(platform.gateway, { stateFile })
  const ready = async () => (await fetch(`${again.url}/health/ready`)).json()
  expect(await ready()).toMatchObject({ status: 'degraded' })
  const published = (await (await fetch(`${again.url}/.well-known/jwks.json`)).json()).keys as {
    kid: string
  }[]
  expect(published.map(({ kid }) => kid)).toEqual(expect.arrayContaining(kids))
  const viewer = { kind: 'USER', client: 'acme', userId: 'u1', sessionId: 's1', roles: ['MEMBER'] } as const
  // `flags` is the gateway's own: the modules do not know the new gateway's key yet.
  const flagsWith = async (token: string) =>
    (await again.query('{ flags { name } }', { authorization: `Bearer ${token}` })).status
  expect(await flagsWith(await sign({ viewer, depth: 0 }, lambdaAudience))).toBe(200)
  expect(await flagsWith(await platform.tokenOf('acme'))).toBe(200)
  const strangers = await createSigningKeys({ save: async () => undefined, list: async () => [] })
  expect(
    await flagsWith(await createGatewayTokenSigner(strangers)({ viewer, depth: 0 }, lambdaAudience)),
  ).toBe(401)

  await database.mend()
  await eventually('it is back', async () => (await ready()).status === 'ok', 15_000)
  await Promise.all([keys.close(), strangers.close()])
  await again.close()
  await folder[Symbol.asyncDispose]()
})
