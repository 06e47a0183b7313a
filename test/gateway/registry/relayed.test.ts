import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Bus } from '../../../events/bus/bus.ts'
import { openBus } from '../../../events/bus/open-bus.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createGateway, type Gateway } from '../../../gateway/create-gateway.ts'
import { openPlatformDatabase, type PlatformDatabase } from '../../../gateway/registry/platform-database.ts'
import { setFlag } from '../../../gateway/registry/set-flag.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { queryDatabase } from '../../support/inspect-database.ts'

const main = fileURLToPath(new URL('../../../gateway/main.ts', import.meta.url))

let database: TestDatabase
let busDatabase: TestDatabase
let db: PlatformDatabase
let bus: Bus
let killed: ChildProcess
let other: Gateway
beforeAll(async () => {
  database = await createTestDatabase('platform')
  busDatabase = await createEmptyDatabase('bus')
  bus = await openBus({ url: busDatabase.url, log: silentLog })
  db = openPlatformDatabase(database.url)
  killed = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      TRELLIS_BUS_URL: busDatabase.url,
      TRELLIS_MODULE_CREDENTIALS: 'users=0123456789abcdef',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await once(killed, 'message')
})
afterAll(async () => {
  killed?.kill('SIGKILL')
  await other?.close()
  await db?.$disconnect()
  await bus?.close()
  await busDatabase?.drop()
  await database?.drop()
})

/** The sessions that bring events to the bus, or would. */
async function relays() {
  return queryDatabase<{ pid: number; granted: boolean }>(
    database.url,
    `SELECT pid, granted FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND datname = current_database() AND application_name = 'registry event relay'`,
  )
}
const working = () =>
  eventually('one relay works', async () => (await relays()).find(({ granted }) => granted)?.pid)
const onTheBus = async () => {
  const filter = { client: null, type: 'registry.flag.changed', subject: null }
  const found = await bus.operations.history(filter, { after: null, limit: 500, newestFirst: false })
  return found.map(({ event }) => event)
}

test('of two gateways one brings the registry’s events to the bus; when it is killed the other goes on: each once, in order', async () => {
  const first = await working()
  other = await createGateway({
    databaseUrl: database.url,
    busUrl: busDatabase.url,
    moduleCredentials: new Map(),
    log: silentLog,
  })
  let made = 0
  const change = () => {
    const name = `flag-${made++}`
    return setFlag(db, { name, client: null, enabled: true, percent: null }, 'key:test')
  }
  for (let n = 0; n < 20; n += 1) await change()
  await eventually('some are on the bus', async () => (await onTheBus()).length > 0)
  expect(await working()).toBe(first)
  const exited = once(killed, 'exit')
  // While it has more to bring.
  await Promise.all([change(), change(), change()].map((done) => done.then(() => killed.kill('SIGKILL'))))
  await exited
  for (let n = 0; n < 20; n += 1) await change()
  await eventually('all are on the bus', async () => (await onTheBus()).length >= made)
  expect(await working()).not.toBe(first)
  const record = await db.registryChange.findMany({ orderBy: { revision: 'asc' } })
  const events = await onTheBus()
  expect(events.map(({ subject }) => subject)).toEqual(record.map(({ subject }) => subject))
  expect(new Set(events.map(({ id }) => id)).size).toBe(made)
  expect(
    events.every(({ source, actor, client }) => `${source} ${actor} ${client}` === 'registry key:test *'),
  ).toBe(true)
})
