import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createApiKey } from '../../gateway/registry/api-keys.ts'
import { createClient } from '../../gateway/registry/create-client.ts'
import { createInstancePicker } from '../../gateway/registry/instance-picker.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayUnderTest, startGatewayUnderTest } from '../support/gateway-under-test.ts'
import { repository } from '../support/run-start.ts'
import { answering } from './lambda-host-under-test.ts'

let database: TestDatabase
let gateway: GatewayUnderTest
const copies = new Map<string, ChildProcess>()

beforeAll(async () => {
  database = await createTestDatabase('lambdas')
  gateway = await startGatewayUnderTest()
})
afterAll(async () => {
  for (const copy of copies.values()) copy.kill('SIGKILL')
  await gateway?.close()
  await database?.drop()
})

/** The copy that a client's calls go to. */
function homeOf(client: string): string {
  const instances = [...copies.keys()].map((url) => ({ url, leaseExpiresAt: new Date(Date.now() + 60_000) }))
  const picker = createInstancePicker(() => ({
    leasesAsOf: 0,
    modules: new Map([['lambdas', { instances }]]),
  }))
  return String(picker.pick('lambdas', client))
}

test('copies with equal settings are instances of their own; the calls of one that is killed go to the other, and its lease ends', async () => {
  const env = {
    PATH: process.env.PATH,
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    TRELLIS_GATEWAY_URL: gateway.url,
    TRELLIS_MODULE_CREDENTIAL: gateway.credentials.get('lambdas'),
    TRELLIS_SECRETS_KEY: randomBytes(32).toString('base64'),
  }
  await createClient(gateway.db, { slug: 'acme', name: 'Acme', modules: [] })
  const operator = await createApiKey(gateway.db, { kind: 'OPERATOR', name: 'Test' })
  const server = await createApiKey(gateway.db, { kind: 'SECRET', client: 'acme', name: 'Test', tags: [] })
  const ask = (query: string, { secret }: { secret: string }, variables?: object) =>
    gateway.query(query, { 'x-api-key': secret }, variables)
  const instances = async () => {
    const { data } = await ask('{ modules { name instances { url status } } }', operator)
    const modules = (data?.modules ?? []) as { name: string; instances: { url: string; status: string }[] }[]
    return new Map(
      modules.find(({ name }) => name === 'lambdas')?.instances.map(({ url, status }) => [url, status]),
    )
  }

  for (const _copy of [1, 2]) {
    const copy = spawn(process.execPath, ['lambdas/host/main.ts'], {
      ...{ cwd: repository, env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    copy.once('message', ({ listening }: { listening: string }) => copies.set(listening, copy))
  }
  await eventually('both have registered', async () => (await instances()).size === 2, 30_000)
  expect(new Set((await instances()).keys())).toEqual(new Set(copies.keys()))

  const files = [{ path: 'plugin.ts', content: answering('return "here"') }]
  const deployed = await ask(
    'mutation ($files: [PluginFile!]!) { deployPlugin(client: "acme", files: $files) { active errors { message } } }',
    operator,
    { files },
  )
  expect(deployed.data?.deployPlugin).toEqual({ active: true, errors: [] })
  const home = homeOf('acme')
  copies.get(home)?.kill('SIGKILL')
  for (let call = 0; call < 5; call++)
    expect((await ask('{ answer }', server)).data).toEqual({ answer: 'here' })
  await eventually('its lease has ended', async () => (await instances()).get(home) === 'GONE', 30_000)
  const living = [...(await instances())].filter(([, status]) => status === 'HEALTHY')
  expect(living.map(([url]) => url)).toEqual([...copies.keys()].filter((url) => url !== home))
}, 90_000)
