import { PrismaPg } from '@prisma/adapter-pg'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { openModuleLog } from '../../../events/log/module-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { type Prisma, PrismaClient } from '../../../prisma/generated/users/client.ts'
import { createSubgraph } from '../../../subgraphs/create-subgraph.ts'
import { createCursors } from '../../../subgraphs/cursors.ts'
import { createUsersModule } from '../../../subgraphs/users/create-users-module.ts'
import { createTestDatabase } from '../../support/database.ts'
import { startGatewayStandIn } from '../../support/gateway-stand-in.ts'
import { viewersOf } from '../../support/module-under-test.ts'

const acme = viewersOf('acme')

test('any number of references is one query, in their order, with null for whoever is not there', async () => {
  await using opened = new AsyncDisposableStack()
  const database = await createTestDatabase('users')
  opened.defer(database.drop)
  const busDatabase = await createTestDatabase('bus')
  opened.defer(busDatabase.drop)
  const gateway = await startGatewayStandIn()
  opened.defer(gateway.close)

  const adapter = new PrismaPg({ connectionString: database.url })
  const db = new PrismaClient({ adapter, log: [{ emit: 'event', level: 'query' }] })
  opened.defer(() => db.$disconnect())
  const queries: string[] = []
  db.$on('query', ({ query }) => {
    queries.push(query)
  })
  const bus = await openPostgresBus({ databaseUrl: busDatabase.url, log: silentLog })
  opened.defer(bus.close)
  const events = await openModuleLog<Prisma.TransactionClient>({
    db,
    databaseUrl: database.url,
    source: 'users',
    bus,
    log: silentLog,
  })
  opened.defer(events.close)
  const ground = { db, events, bus, cursors: createCursors('secret'), log: silentLog }
  const module = await createUsersModule(
    { ground, fieldKeys: [Buffer.alloc(32)], now: () => new Date() },
    (close) => opened.defer(close),
  )
  const service = await createSubgraph(module, {
    host: '127.0.0.1',
    port: 0,
    gatewayUrl: gateway.url,
    credential: 'c',
    log: silentLog,
  })
  opened.defer(service.close)

  const ids = Array.from({ length: 30 }, (_, index) => `user-${index}`)
  await db.user.createMany({ data: ids.flatMap((id) => [row('acme', id), row('globex', `${id}-of-globex`)]) })
  const asked = [...ids.toReversed(), 'nobody', 'user-3-of-globex', 'user-3']
  queries.length = 0
  const response = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token(acme.member, 'users')}`,
    },
    body: JSON.stringify({
      query: 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { id name } } }',
      variables: { r: asked.map((id) => ({ __typename: 'User', id })) },
    }),
  })
  const { data } = (await response.json()) as { data: { _entities: ({ id: string } | null)[] } }
  expect(data._entities.map((entity) => entity?.id ?? null)).toEqual([
    ...ids.toReversed(),
    null,
    null,
    'user-3',
  ])
  expect(queries.filter((query) => query.includes('"user"'))).toHaveLength(1)
})

function row(client: string, id: string): Prisma.UserCreateManyInput {
  const bytes = Uint8Array.from(Buffer.from(id))
  const at = new Date()
  return {
    id,
    client,
    name: id,
    emailCipher: bytes,
    emailLookup: bytes,
    passwordHash: '',
    roles: ['MEMBER'],
    createdAt: at,
    updatedAt: at,
  }
}
