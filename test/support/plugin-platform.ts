import { randomBytes } from 'node:crypto'
import type { Close } from '../../foundation/closing.ts'
import { createApiKey } from '../../gateway/registry/api-keys.ts'
import { createClient } from '../../gateway/registry/create-client.ts'
import { type HostStartOptions, start as startHost } from '../../lambdas/host/main.ts'
import { start as startData } from '../../subgraphs/data/main.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { eventually } from './eventually.ts'
import { type Answer, type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts'

export type PluginPlatform = {
  gateway: GatewayUnderTest
  /** One operation by whoever has this key: `OPERATOR`, or `SECRET acme`, `PARTNER acme` (what is tagged "records"), `DEPLOY acme`. */
  ask(key: string, query: string, variables?: object): Promise<Answer>
  /** The same of one that has to succeed: its data. */
  expectOk(key: string, query: string, variables?: object): Promise<Record<string, unknown>>
  secretOf(key: string): string
  close: Close
}

/** A real gateway, data module, bus and lambda host in this process, on databases of their own (`lambdasDatabase` is closed with it). The host may be yet to register. */
export async function startPluginPlatform(
  clients: readonly string[],
  { lambdasDatabase, ...options }: HostStartOptions & { lambdasDatabase?: TestDatabase } = {},
): Promise<PluginPlatform> {
  const opened = new AsyncDisposableStack()
  const open = async (owner: Parameters<typeof createTestDatabase>[0], own?: TestDatabase) => {
    const database = own ?? (await createTestDatabase(owner))
    opened.defer(database.drop)
    return database.url
  }
  const bus = await open('bus')
  const [data, lambdas] = [await open('data'), await open('lambdas', lambdasDatabase)]
  const gateway = await startGatewayUnderTest({ busUrl: bus })
  const env = (owner: 'data' | 'lambdas', url: string) => ({
    LOG_LEVEL: 'silent',
    DATABASE_URL: url,
    TRELLIS_BUS_URL: bus,
    TRELLIS_GATEWAY_URL: gateway.url,
    TRELLIS_MODULE_CREDENTIAL: gateway.credentials.get(owner),
  })
  const secretsKey = { TRELLIS_SECRETS_KEY: randomBytes(32).toString('base64') }
  opened.defer((await startData(env('data', data))).close)
  opened.defer((await startHost({ ...env('lambdas', lambdas), ...secretsKey }, options)).close)
  // Before those that it calls: what they tell it when they end has nobody to tell.
  opened.defer(gateway.close)

  for (const slug of clients) await createClient(gateway.db, { slug, name: slug, modules: ['data'] })
  const keys = new Map([
    ['OPERATOR', (await createApiKey(gateway.db, { kind: 'OPERATOR', name: 'Test' })).secret],
  ])
  for (const client of clients)
    for (const kind of ['PARTNER', 'DEPLOY', 'SECRET'] as const) {
      const tags = kind === 'PARTNER' ? ['records'] : []
      const { secret } = await createApiKey(gateway.db, { kind, client, name: 'Test', tags })
      keys.set(`${kind} ${client}`, secret)
    }
  const ask: PluginPlatform['ask'] = (key, query, variables) =>
    gateway.query(query, { 'x-api-key': keys.get(key) ?? '' }, variables)
  // The key that was made last: all others are known by then, too.
  await eventually('the data module serves', async () => {
    const { data } = await ask(`SECRET ${clients.at(-1)}`, '{ collections { totalCount } }')
    return data?.collections
  })
  return {
    gateway,
    ask,
    async expectOk(key, query, variables) {
      const { data, errors } = await ask(key, query, variables)
      if (errors || !data) throw new Error(JSON.stringify(errors))
      return data
    },
    secretOf: (key) => keys.get(key) ?? '',
    close: () => opened.disposeAsync(),
  }
}
