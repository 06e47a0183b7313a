import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { ClientViewer } from '../../foundation/viewer.ts'
import { createInstancePicker } from '../../gateway/registry/instance-picker.ts'
import { createConnect } from '../../gateway/supergraph/connect.ts'
import type { Caller, SubgraphResponse } from '../../gateway/transports/subgraph-fetch.ts'
import type { PluginBuild } from '../../schema/plugin-build.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayStandIn, startGatewayStandIn } from '../support/gateway-stand-in.ts'
import { repository } from '../support/run-start.ts'
import { pluginWith } from './lambda-host-under-test.ts'

const viewer: ClientViewer = {
  kind: 'USER',
  client: 'acme',
  userId: 'u1',
  sessionId: 's1',
  roles: ['MEMBER'],
}

let database: Awaited<ReturnType<typeof createTestDatabase>>
let gateway: GatewayStandIn
const hosts: ChildProcess[] = []
/** Lambdas that ask the graph and wait for its answer: what they wait for, and how many do. */
let asking = 0
let answer = Promise.withResolvers<void>()

beforeAll(async () => {
  database = await createTestDatabase('lambdas')
  gateway = await startGatewayStandIn(3600, async () => {
    asking += 1
    await answer.promise
    return { data: {} }
  })
  const secretsKey = randomBytes(32).toString('base64')
  for (let copy = 0; copy < 2; copy++)
    hosts.push(
      spawn(process.execPath, ['lambdas/host/main.ts'], {
        cwd: repository,
        stdio: 'ignore',
        env: {
          PATH: process.env.PATH,
          LOG_LEVEL: 'silent',
          HOST: addressOf(copy),
          DATABASE_URL: database.url,
          TRELLIS_GATEWAY_URL: gateway.url,
          TRELLIS_MODULE_CREDENTIAL: 'a credential of the test',
          TRELLIS_SECRETS_KEY: secretsKey,
        },
      }),
    )
  await eventually('both have registered', () => hostUrls().length === 2, 30_000)
})
afterAll(async () => {
  for (const host of hosts) host.kill('SIGKILL')
  await gateway?.close()
  await database?.drop()
})

const hostUrls = () => [
  ...new Set(
    gateway.registrations.flatMap(({ method, body }) => (method === 'PUT' && body ? [body.url] : [])),
  ),
]

/** A loopback address of its own tells which copy is behind an URL. */
const addressOf = (copy: number) => `127.0.0.${copy + 1}`
const pickOf = (urls: readonly string[]) => {
  const instances = urls.map((url) => ({ url, leaseExpiresAt: new Date(Date.now() + 3_600_000) }))
  return createInstancePicker(() => ({ leasesAsOf: 0, modules: new Map([['lambdas', { instances }]]) }))
}
const callerOf = (digest: string) => {
  const instances = pickOf(hostUrls())
  const connect = createConnect(instances, {
    sign: async () => gateway.token(viewer, 'lambdas'),
    own: new Map(),
  })
  const subgraph = connect.plugin('acme', digest)
  const caller: Caller = { viewer, depth: 0, traceparent: undefined }
  return {
    home: () => hosts.findIndex((_, copy) => instances.pick('lambdas', 'acme')?.includes(addressOf(copy))),
    call: (document: string): Promise<SubgraphResponse> =>
      subgraph.fetch(
        { document, operationName: undefined, variables: {}, caller },
        new AbortController().signal,
      ),
    close: () => Promise.all([subgraph.close(), connect.close()]),
  }
}

test('a client is at home with one copy, the same for every gateway; only those of a copy that is gone move', () => {
  const three = ['http://a:1', 'http://b:1', 'http://c:1']
  const clients = Array.from({ length: 300 }, (_, n) => `client-${n}`)
  const homes = (urls: readonly string[]) => {
    const picker = pickOf(urls)
    return clients.map((client) => picker.pick('lambdas', client))
  }
  const all = homes(three)
  expect(homes(three.toReversed())).toEqual(all)
  for (const url of three) expect(all.filter((home) => home === url).length).toBeGreaterThan(50)
  const without = homes(three.slice(0, 2))
  expect(without.map((home, n) => home !== all[n])).toEqual(all.map((home) => home === 'http://c:1'))
  const avoiding = pickOf(three)
  avoiding.avoid('http://c:1/somewhere')
  expect(clients.map((client) => avoiding.pick('lambdas', client))).toEqual(without)
})

test('whichever gateway calls, a client has one isolate, and with it the CPU time of one', async () => {
  const plugin = pluginWith({
    typeDefs: 'type Query { calls: Int }',
    resolvers: 'Query: { calls: () => ++calls }',
  })
  const digest = await build(`let calls = 0\n${plugin}`)
  const gateways = [callerOf(digest), callerOf(digest)]
  const seen: unknown[] = []
  for (let round = 0; round < 5; round++)
    for (const { call } of gateways) seen.push((await call('{ calls }')).data?.calls)
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await Promise.all(gateways.map(({ close }) => close()))
})

test('of two hosts one dies: no read fails, a write in the middle of it says so, and the next ones go on', async () => {
  const plugin = pluginWith({
    typeDefs: 'type Query { quick: String slow: String } type Mutation { quick: String slow: String }',
    resolvers: `Query: { quick: () => "read", slow: waits }, Mutation: { quick: () => "written", slow: waits }`,
  })
  const digest = await build(
    `${plugin}\nasync function waits(_root, _args, ctx) { await ctx.graphql("{ me }"); return "waited" }`,
  )
  const { home, call, close } = callerOf(digest)

  const reads = [call('{ slow }'), call('{ slow }')]
  const writes = [call('mutation { slow }'), call('mutation { slow }')]
  await eventually('all of them ask the graph', () => asking === 4)
  const dying = home()
  hosts[dying]?.kill('SIGKILL')
  const during = await Promise.all(Array.from({ length: 20 }, () => call('{ quick }')))
  expect(during).toEqual(Array.from({ length: 20 }, () => ({ data: { quick: 'read' } })))
  expect(home()).toBe(1 - dying)
  await eventually('the reads of the dead host are asked again', () => asking === 6)
  answer.resolve()
  answer = Promise.withResolvers()
  answer.resolve()
  expect(await Promise.all(reads)).toEqual([{ data: { slow: 'waited' } }, { data: { slow: 'waited' } }])
  const written = await Promise.allSettled(writes)
  const lost = { status: 'rejected', reason: expect.objectContaining({ code: 'SUBGRAPH_UNAVAILABLE' }) }
  expect(written).toEqual([lost, lost])
  for (let index = 0; index < 4; index++)
    expect(await call('mutation { quick }')).toEqual({ data: { quick: 'written' } })
  await close()
})

async function build(plugin: string): Promise<string> {
  const token = await gateway.token({ kind: 'DEPLOYER', client: 'acme', keyId: 'k1' }, 'lambdas')
  const response = await fetch(`${hostUrls()[0]}/clients/acme/builds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ files: [{ path: 'plugin.ts', content: plugin }] }),
  })
  const built = (await response.json()) as PluginBuild
  if (!built.ok) throw new Error(JSON.stringify(built))
  return built.digest
}
