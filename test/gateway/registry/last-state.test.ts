import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../../foundation/log.ts'
import { createGateway } from '../../../gateway/create-gateway.ts'
import { createApiKey } from '../../../gateway/registry/api-keys.ts'
import { createClient } from '../../../gateway/registry/create-client.ts'
import { openPlatformDatabase } from '../../../gateway/registry/platform-database.ts'
import { migrate } from '../../../prisma/migrate.ts'
import { startPostgresServer } from '../../delivery/postgres-server.ts'
import { eventually } from '../../support/eventually.ts'
import { moduleCredentials, postQuery } from '../../support/gateway-under-test.ts'
import { makeTemporaryFolder } from '../../support/temporary-folder.ts'
import { startTestSubgraph } from '../../support/test-subgraph.ts'
import { expectOk, usersResolvers, usersSdl } from '../../support/two-subgraphs.ts'

/** Long enough for a gateway to start meanwhile. */
const downMs = 8_000

test('a gateway starts and serves from the last state while the database is stopped, and comes back by itself', async () => {
  const folder = await makeTemporaryFolder()
  const postgres = await startPostgresServer(folder.path)
  const databaseUrl = postgres.url
  const stateFile = join(folder.path, 'state', 'registry')
  const start = async (port = 0) => {
    const gateway = await createGateway({
      databaseUrl,
      migrate: async () => {
        await migrate('platform', databaseUrl)
      },
      stateFile,
      moduleCredentials,
      log: silentLog,
    })
    return { ...gateway, url: await gateway.listen({ host: '127.0.0.1', port }) }
  }
  const readyOf = async (url: string) => (await fetch(`${url}/health/ready`)).json()

  let gateway = await start()
  const db = openPlatformDatabase(databaseUrl)
  await createClient(db, { slug: 'acme', name: 'Acme', modules: ['users'] })
  const { secret } = await createApiKey(db, { kind: 'SECRET', client: 'acme', name: 'Test' })
  const subgraph = await startTestSubgraph({
    name: 'users',
    sdl: usersSdl,
    resolvers: usersResolvers,
    gatewayUrl: gateway.url,
    credential: moduleCredentials.get('users') ?? '',
  })
  await expectOk(await subgraph.register())
  const ask = (key = secret) =>
    postQuery(gateway.url, { query: '{ caller flags { name } }' }, { 'x-api-key': key })
  await eventually('it serves', async () => (await ask()).data?.caller === 'SERVER of acme')
  expect(await readyOf(gateway.url)).toEqual({ status: 'ok' })
  await eventually('the state is kept', async () => (await stat(stateFile)).mode & 0o777)
  expect((await stat(stateFile)).mode & 0o777).toBe(0o600)

  const isBack = postgres.kill(downMs)
  await eventually('it says so', async () => (await readyOf(gateway.url)).status === 'degraded')
  expect((await ask()).data).toEqual({ caller: 'SERVER of acme', flags: [] })

  await gateway.close()
  gateway = await start(Number(new URL(gateway.url).port))
  expect(await readyOf(gateway.url)).toMatchObject({
    status: 'degraded',
    reasons: [expect.stringContaining('database')],
  })
  // The instance is still called; it asks for the new gateway's keys only after a while, and refuses till then.
  const served = await ask()
  expect(served.data).toMatchObject({ flags: [] })
  expect(served.errors?.map(({ extensions }) => extensions.code) ?? ['UNAUTHENTICATED']).toEqual([
    'UNAUTHENTICATED',
  ])
  expect((await ask('trellis_sk_wrong')).status).toBe(401)

  await isBack
  await eventually('it is back', async () => (await readyOf(gateway.url)).status === 'ok', 30_000)
  const { secret: fresh } = await createApiKey(db, { kind: 'SECRET', client: 'acme', name: 'Fresh' })
  await eventually('what is new is known', async () => (await ask(fresh)).status === 200, 1_000)
  expect(await db.signingKey.count()).toBe(2)

  await subgraph.close()
  await gateway.close()
  await db.$disconnect()
  await postgres.end()
  await folder[Symbol.asyncDispose]()
}, 90_000)
