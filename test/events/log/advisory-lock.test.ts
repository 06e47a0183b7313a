import { Client } from 'pg'
import type { Session } from '../../../events/held-connection.ts'
import { holdAdvisoryLock } from '../../../events/log/advisory-lock.ts'
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'

let database: TestDatabase
const clients: Client[] = []
beforeAll(async () => {
  database = await createEmptyDatabase('locks')
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  await database.drop()
})

/** A connection without heartbeats: as that of a process that is stopped. */
async function connect(): Promise<{ client: Client; session: Session; ended: Promise<unknown> }> {
  const client = new Client({ connectionString: database.url })
  const ended = new Promise((resolve) => client.on('error', resolve).on('end', () => resolve('ended')))
  await client.connect()
  clients.push(client)
  return {
    client,
    ended,
    session: {
      query: async (text, values) => (await client.query(text, values)).rows,
      onNotification: () => undefined,
    },
  }
}

const never = new AbortController().signal

test.concurrent('one holds it; the next when the first lets go; of another name nobody waits', async () => {
  const [one, two] = [await connect(), await connect()]
  expect(await holdAdvisoryLock(one.session, 'aa', never)).toBe(true)
  expect(await holdAdvisoryLock(two.session, 'b', never)).toBe(true)
  const waiting = holdAdvisoryLock(two.session, 'aa', never)
  await one.client.end()
  expect(await waiting).toBe(true)
})

test.concurrent('a wait ends with its signal', async () => {
  const [one, two] = [await connect(), await connect()]
  await holdAdvisoryLock(one.session, 'bb', never)
  const leaving = new AbortController()
  const waiting = holdAdvisoryLock(two.session, 'bb', leaving.signal)
  leaving.abort()
  expect(await waiting).toBe(false)
})

test.concurrent('a holder that goes silent loses it, and its session', async () => {
  const [one, two] = [await connect(), await connect()]
  await holdAdvisoryLock(one.session, 'cc', never)
  const started = performance.now()
  expect(await holdAdvisoryLock(two.session, 'cc', never)).toBe(true)
  expect(performance.now() - started).toBeGreaterThan(4_000)
  await one.ended
  await expect(one.session.query('SELECT 1')).rejects.toThrow()
})

test.concurrent('a holder that does not read what the server sends is silent too, though its query is active', async () => {
  const [one, two] = [await connect(), await connect()]
  await holdAdvisoryLock(one.session, 'dd', never)
  const [{ pid } = { pid: 0 }] = await one.session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const answer = one.client.query(`SELECT repeat('x', 100000000)`).catch((error) => error)
  one.client.connection.stream.pause()
  await eventually('the server waits for its client', async () => {
    const [row] = await two.session.query<{ state: string; wait_event: string }>(
      'SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1',
      [pid],
    )
    return row?.state === 'active' && row.wait_event === 'ClientWrite'
  })
  expect(await holdAdvisoryLock(two.session, 'dd', never)).toBe(true)
  one.client.connection.stream.resume()
  await one.ended
  await answer
})

test.concurrent('a holder with a heartbeat, or with a long query that is being worked on, keeps it', async () => {
  const [one, two] = [await connect(), await connect()]
  await holdAdvisoryLock(one.session, 'ee', never)
  const leaving = new AbortController()
  let held = false
  const waiting = holdAdvisoryLock(two.session, 'ee', leaving.signal).then((got) => {
    held = got
  })
  await one.session.query('SELECT pg_sleep(7)')
  for (let beat = 0; beat < 4; beat++) {
    await one.session.query('SELECT 1')
    await one.session.query('SELECT pg_sleep(0.5)')
  }
  expect(held).toBe(false)
  leaving.abort()
  await waiting
})
