import dns from 'node:dns'
import { Client } from 'pg'
import { createDatabaseAdapter } from '../../prisma/database-adapter.ts'
import { answerOfFailure } from '../../prisma/database-outage.ts'
import { PrismaClient } from '../../prisma/generated/platform/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

let database: TestDatabase
let elsewhere: Client
let db: PrismaClient
beforeAll(async () => {
  database = await createTestDatabase('platform')
  elsewhere = new Client({ connectionString: database.url })
  await elsewhere.connect()
})
afterAll(async () => {
  await elsewhere?.end()
  await database?.drop()
})
beforeEach(() => {
  db = open(database.url)
})
afterEach(() => db.$disconnect())

function open(url: string, waits = { connectsWithinMs: 5_000, answersWithinMs: 5_000 }): PrismaClient {
  return new PrismaClient({ adapter: createDatabaseAdapter({ url, name: 'adapter', ...waits }) })
}
const codeOf = (work: Promise<unknown>) =>
  work.then(() => 'it went well').catch((error: unknown) => answerOfFailure(error).code)
/** Until `letGo`, whoever asks for it waits. */
const hold = () => elsewhere.query('SELECT pg_advisory_lock(1)')
const letGo = () => elsewhere.query('SELECT pg_advisory_unlock(1)')
const wait = async (queries: Pick<PrismaClient, '$queryRaw'>) => {
  await queries.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(1)`
}
const connections = async () => {
  const { rows } = await elsewhere.query<{ state: string }>(
    `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'adapter'`,
  )
  return rows.map(({ state }) => state)
}

test('where all connections are in use for long, whoever waits for one is told', async () => {
  await hold()
  const impatient = open(database.url, { connectsWithinMs: 500, answersWithinMs: 10_000 })
  const holding = Array.from({ length: 10 }, () => wait(impatient))
  await eventually('all are in use', async () => (await connections()).length === 10)
  expect(await codeOf(impatient.client.count())).toBe('DATABASE_UNAVAILABLE')
  expect(await codeOf(impatient.$transaction((tx) => tx.client.count()))).toBe('DATABASE_UNAVAILABLE')
  await letGo()
  await Promise.all(holding)
  expect(await impatient.client.count()).toBe(0)
  await impatient.$disconnect()
})

test('a transaction that is given up is over: nobody else is lent its connection', async () => {
  await hold()
  const impatient = open(database.url, { connectsWithinMs: 5_000, answersWithinMs: 500 })
  const given = impatient.$transaction(async (tx) => {
    await tx.flag.create({ data: { name: 'given up', enabled: true } })
    await wait(tx)
  })
  expect(await codeOf(given)).toBe('DATABASE_UNAVAILABLE')
  await letGo()
  await impatient.flag.create({ data: { name: 'kept', enabled: true } })
  await eventually('its end has come to the server', async () =>
    (await connections()).every((state) => state === 'idle'),
  )
  const { rows } = await elsewhere.query('SELECT name FROM flag')
  expect(rows).toEqual([{ name: 'kept' }])
  await impatient.$disconnect()
})

test('a transaction that runs out of its time is an outage, and nothing of it is done', async () => {
  const written = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const work = async (tx: Pick<PrismaClient, 'client'>) => {
    await tx.client.create({ data: { slug: 'late', name: 'Late' } })
    written.resolve()
    await over.promise
    await tx.client.count()
  }
  const told = codeOf(db.$transaction(work, { timeout: 300 }))
  await written.promise
  await eventually('it was ended', async () => (await connections()).every((state) => state === 'idle'))
  over.resolve()
  expect(await told).toBe('DATABASE_UNAVAILABLE')
  expect(await db.client.count()).toBe(0)
})

test.each([
  ['08006', 'a connection that fails'],
  ['53100', 'a full disk'],
  ['53300', 'too many connections'],
  ['57014', 'a statement that was given up'],
  ['57P01', 'a server that ends'],
  ['57P03', 'a server that starts'],
  ['25006', 'a server that only reads'],
  ['55P03', 'a lock that was not had in time'],
])('%s, %s, is an outage', async (sqlState) => {
  expect(await codeOf(db.$executeRawUnsafe(raising(sqlState)))).toBe('DATABASE_UNAVAILABLE')
  const inTransaction = db.$transaction((tx) => tx.$executeRawUnsafe(raising(sqlState)))
  expect(await codeOf(inTransaction)).toBe('DATABASE_UNAVAILABLE')
})

test.each(['22012', '23505', '40001', '42P01', 'P0001', 'XX000'])('%s is none', async (sqlState) => {
  expect(await codeOf(db.$executeRawUnsafe(raising(sqlState)))).toBe('INTERNAL_SERVER_ERROR')
})

function raising(sqlState: string): string {
  return `DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '${sqlState}'; END $$`
}

test('a host of which no address answers is away', async () => {
  const { lookup } = dns
  const several = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]
  dns.lookup = ((_host: string, _options: object, found: (error: null, addresses: object[]) => void) =>
    found(null, several)) as typeof lookup
  const away = open('postgresql://nobody@database.example:9/nothing')
  const failure = await away.client.count().catch((error: unknown) => error)
  dns.lookup = lookup
  expect(failure).toMatchObject({ name: 'DatabaseOutage', cause: { name: 'AggregateError' } })
  await away.$disconnect()
})
