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

test('of two hosts one dies: no read fails, a write in the middle of it says so, and the next ones go on', async () => {
  const plugin = pluginWith({
    typeDefs: 'type Query { quick: String slow: String } type Mutation { quick: String slow: String }',
    resolvers: `Query: { quick: () => "read", slow: waits }, Mutation: { quick: () => "written", slow: waits }`,
  })
  const digest = await build(
    `${plugin}\nasync function waits(_root, _args, ctx) { await ctx.graphql("{ me }"); return "waited" }`,
  )
  const instances = hostUrls().map((url) => ({ url, leaseExpiresAt: new Date(Date.now() + 3_600_000) }))
  const state = { leasesAsOf: 0, modules: new Map([['lambdas', { instances }]]) }
  const connect = createConnect(
    createInstancePicker(() => state),
    async () => gateway.token(viewer, 'lambdas'),
    new Map(),
  )
  const subgraph = connect.plugin('acme', digest)
  const caller: Caller = { viewer, depth: 0, traceparent: undefined }
  const call = (document: string): Promise<SubgraphResponse> =>
    subgraph.fetch(
      { document, operationName: undefined, variables: {}, caller },
      new AbortController().signal,
    )

  // Each host has a read and a write under way.
  const reads = [call('{ slow }'), call('{ slow }')]
  const writes = [call('mutation { slow }'), call('mutation { slow }')]
  await eventually('all of them ask the graph', () => asking === 4)
  hosts[0]?.kill('SIGKILL')
  const during = await Promise.all(Array.from({ length: 20 }, () => call('{ quick }')))
  expect(during).toEqual(Array.from({ length: 20 }, () => ({ data: { quick: 'read' } })))
  await eventually('the read of the dead host is asked again', () => asking === 5)
  answer.resolve()
  answer = Promise.withResolvers()
  answer.resolve()
  expect(await Promise.all(reads)).toEqual([{ data: { slow: 'waited' } }, { data: { slow: 'waited' } }])
  const written = await Promise.allSettled(writes)
  expect(written.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(written.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'SUBGRAPH_UNAVAILABLE' },
  })
  for (let index = 0; index < 4; index++)
    expect(await call('mutation { quick }')).toEqual({ data: { quick: 'written' } })
  await Promise.all([subgraph.close(), connect.close()])
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
