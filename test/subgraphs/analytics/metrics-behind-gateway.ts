import type { Bus } from '../../../events/bus/bus.ts'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createApiKey } from '../../../gateway/registry/api-keys.ts'
import { createClient } from '../../../gateway/registry/create-client.ts'
import { start } from '../../../subgraphs/analytics/main.ts'
import { createTestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { type Answer, startGatewayUnderTest } from '../../support/gateway-under-test.ts'
import { openSocket } from '../../support/graphql.ts'

export type Update = { cursor: string; lagged: number; point: { at: string; value: number } }
type Payload = { data?: { metricUpdated: Update } | null; errors?: { extensions?: { code?: string } }[] }
export type Key = 'acme SECRET' | 'acme PUBLISHABLE' | 'globex SECRET'

export type MetricsBehindGateway = Awaited<ReturnType<typeof startMetricsBehindGateway>>

const document = `subscription ($metric: String!, $interval: Interval!, $aggregate: Aggregate, $after: String) {
  metricUpdated(metric: $metric, interval: $interval, aggregate: $aggregate, after: $after) { cursor lagged point { at value } } }`

/** The real analytics module behind the real gateway, with the clients acme and globex. */
export async function startMetricsBehindGateway() {
  const opened = new AsyncDisposableStack()
  const [database, busDatabase] = await Promise.all([
    createTestDatabase('analytics'),
    createTestDatabase('bus'),
  ])
  opened.defer(database.drop)
  opened.defer(busDatabase.drop)
  const gateway = await startGatewayUnderTest({ busUrl: busDatabase.url })
  opened.defer(gateway.close)
  const bus: Bus = await openPostgresBus({ databaseUrl: busDatabase.url, log: silentLog })
  opened.defer(bus.close)
  const keys = new Map<string, string>()
  for (const client of ['acme', 'globex']) {
    await createClient(gateway.db, { slug: client, name: client, modules: ['analytics'] })
    for (const kind of ['SECRET', 'PUBLISHABLE'] as const) {
      keys.set(`${client} ${kind}`, (await createApiKey(gateway.db, { kind, client, name: kind })).secret)
    }
  }
  const module = await start({
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    TRELLIS_BUS_URL: busDatabase.url,
    TRELLIS_GATEWAY_URL: gateway.url,
    TRELLIS_MODULE_CREDENTIAL: String(gateway.credentials.get('analytics')),
  })
  opened.defer(module.close)

  let serial = 0
  const ask = (query: string, variables: object, key: Key = 'acme SECRET'): Promise<Answer> =>
    gateway.query(query, { 'x-api-key': keys.get(key) ?? '' }, variables)
  const track = (metric: string, times: readonly string[], key?: Key) =>
    ask(
      'mutation ($events: [TrackInput!]!) { track(events: $events) { accepted } }',
      { events: times.map((at) => ({ id: `t${++serial}`, metric, at })) },
      key,
    )
  await eventually('the module is in the graph', async () => !(await track('begin', [])).errors)
  return {
    bus,
    databaseUrl: database.url,
    ask,
    track,
    /** A subscription of a stock client, on a socket of its own. */
    watch(variables: { metric: string } & Record<string, unknown>, key: Key = 'acme SECRET') {
      const socket = openSocket(`${gateway.url}/graphql`, { apiKey: keys.get(key) ?? '' })
      const payloads = socket.iterate({ query: document, variables: { interval: 'HOUR', ...variables } })
      const take = async () => (await payloads.next()).value as Payload | undefined
      return {
        codes: async () => (await take())?.errors?.map(({ extensions }) => extensions?.code),
        async next(): Promise<Update> {
          const payload = await take()
          if (!payload?.data) throw new Error(JSON.stringify(payload))
          return payload.data.metricUpdated
        },
        [Symbol.asyncDispose]: async () => {
          await payloads.return?.()
          await socket.dispose()
        },
      }
    },
    close: () => opened.disposeAsync(),
  }
}
