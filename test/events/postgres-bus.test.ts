import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Pool } from 'pg'
import type { Bus } from '../../events/bus.ts'
import type { PlatformEvent } from '../../events/platform-event.ts'
import { openPostgresBus } from '../../events/postgres-bus.ts'
import { silentLog } from '../../foundation/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { numbered } from './log-fixture.ts'

let database: TestDatabase
let pool: Pool
const buses: Bus[] = []
beforeEach(async () => {
  database = await createTestDatabase('bus')
  pool = new Pool({ connectionString: database.url, application_name: 'test' })
})
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()))
  await pool.end()
  await database.drop()
})

async function openBus(retryDelaysMs = [10, 20]): Promise<Bus> {
  const bus = await openPostgresBus({ databaseUrl: database.url, log: silentLog, retryDelaysMs })
  buses.push(bus)
  return bus
}

function happened(subject: string): PlatformEvent {
  const origin = {
    source: 'test',
    type: 'test.thing.changed',
    client: 'acme',
    actor: null,
    traceparent: null,
  }
  const time = '2026-11-21T00:00:00.123Z'
  return {
    ...origin,
    id: crypto.randomUUID(),
    subject,
    time,
    dataVersion: 1,
    data: { list: [subject, null] },
  }
}

/** A consumer that notes what it was given. */
async function consumer(bus: Bus, group: string, handle?: (event: PlatformEvent) => Promise<void>) {
  const seen: string[] = []
  const close = await bus.subscribe({
    group,
    async handle(event) {
      await handle?.(event)
      seen.push(event.subject)
    },
  })
  return { seen, close }
}

async function offset(group: string): Promise<number> {
  const { rows } = await pool.query('SELECT position FROM bus_group WHERE name = $1', [group])
  return Number(rows[0]?.position)
}

test('every group gets every event, whole and in order; repeating an event does no harm', async () => {
  const bus = await openBus()
  const received: PlatformEvent[] = []
  const [a, b] = [
    await consumer(bus, 'a', async (event) => {
      received.push(event)
    }),
    await consumer(bus, 'b'),
  ]
  const names = numbered('e', 250)
  const events = names.map(happened)
  await bus.publish(events.slice(0, 100))
  await bus.publish(events.slice(50, 150))
  await bus.publish([...events.slice(140), ...events.slice(240)])
  await bus.publish([])
  await eventually('both have all', () => a.seen.length === 250 && b.seen.length === 250)
  expect(a.seen).toEqual(names)
  expect(b.seen).toEqual(names)
  expect(received).toEqual(events)
})

test('publishers side by side: no group passes over an event that is committed late', async () => {
  const buses = await Promise.all([openBus(), openBus(), openBus()])
  const { seen } = await consumer(await openBus(), 'a')
  await Promise.all(
    buses.map(async (bus, index) => {
      for (const name of numbered(`p${index}-`, 30)) await bus.publish([happened(name), happened(`${name}b`)])
    }),
  )
  await eventually('all', () => seen.length === 180)
  expect(new Set(seen).size).toBe(180)
  for (const index of [0, 1, 2]) {
    const own = seen.filter((subject) => subject.startsWith(`p${index}-`))
    expect(own).toEqual(numbered(`p${index}-`, 30).flatMap((name) => [name, `${name}b`]))
  }
})

test('a new group begins with what is published after it was made, and goes on where it was', async () => {
  const bus = await openBus()
  await bus.publish(numbered('old', 5).map(happened))
  const first = await consumer(bus, 'a')
  await bus.publish([happened('new')])
  await eventually('the new one', () => first.seen.length === 1)
  await first.close()
  await first.close()
  await bus.publish([happened('while away')])
  const second = await consumer(await openBus(), 'a')
  await eventually('the missed one', () => second.seen.length === 1)
  expect([first.seen, second.seen]).toEqual([['new'], ['while away']])
})

test('a handler that fails is asked again, in order, and what never succeeds becomes a dead letter', async () => {
  const bus = await openBus()
  const attempts = new Map<string, number>()
  const { seen } = await consumer(bus, 'a', async ({ subject }) => {
    const attempt = (attempts.get(subject) ?? 0) + 1
    attempts.set(subject, attempt)
    if (subject === 'bad' || (subject === 'flaky' && attempt < 3)) throw new Error(`no ${subject}\0`)
  })
  const bad = happened('bad')
  await bus.publish([happened('flaky'), bad, happened('good')])
  await eventually('the last one', () => seen.includes('good'))
  expect(seen).toEqual(['flaky', 'good'])
  expect(Object.fromEntries(attempts)).toEqual({ flaky: 3, bad: 3, good: 1 })
  const { rows } = await pool.query(
    'SELECT group_name, event_id, event, error, attempts FROM bus_dead_letter',
  )
  expect(rows).toEqual([
    { group_name: 'a', event_id: bad.id, event: bad, error: expect.stringContaining('no bad'), attempts: 3 },
  ])
})

test('of two instances of a group one works at a time; the other takes over when it is gone', async () => {
  const names = numbered('e', 40)
  let atOnce = 0
  const both: string[] = []
  const handle = async (event: PlatformEvent) => {
    atOnce += 1
    expect(atOnce).toBe(1)
    await pool.query('SELECT pg_sleep(0.002)')
    both.push(event.subject)
    atOnce -= 1
  }
  const one = await consumer(await openBus(), 'a', handle)
  const two = await consumer(await openBus(), 'a', handle)
  const bus = await openBus()
  await bus.publish(names.slice(0, 20).map(happened))
  await eventually('half of them', () => both.length === 20)
  await (one.seen.length > 0 ? one : two).close()
  await bus.publish(names.slice(20).map(happened))
  await eventually('all of them', () => both.length === 40)
  expect(both).toEqual(names)
  expect([one.seen.length, two.seen.length].sort()).toEqual([20, 20])
})

test('what a consumer had in hand when its connection was lost is delivered again, and nothing is lost', async () => {
  const bus = await openBus()
  const aborted: boolean[] = []
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  await bus.subscribe({
    group: 'a',
    async handle(event, signal) {
      if (event.subject === 'e3' && aborted.length === 0) {
        signal.addEventListener('abort', () => gate.resolve())
        await gate.promise
        aborted.push(signal.aborted)
      }
      seen.push(event.subject)
    },
  })
  await bus.publish(numbered('e', 6).map(happened))
  await eventually('it is at the fourth', () => seen.length === 3)
  await pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'event bus group a'",
  )
  await eventually('the rest', () => seen.includes('e5'))
  expect(aborted).toEqual([true])
  expect(seen).toEqual(['e0', 'e1', 'e2', 'e3', 'e3', 'e4', 'e5'])
})

test('a consumer’s process is killed in the middle: another one gets what it had in hand', async () => {
  const script = new URL('./bus-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, database.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const received: unknown[] = []
  child.on('message', (message) => received.push(message))
  await eventually('it has subscribed', () => received.length === 1)
  const bus = await openBus()
  await bus.publish(numbered('e', 3).map(happened))
  await eventually('it is at the first', () => received.length === 2)
  const { seen } = await consumer(bus, 'a')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await eventually('all of them', () => seen.length === 3)
  expect(seen).toEqual(numbered('e', 3))
})

test('closing waits for the event in hand, and notes that it is done', async () => {
  const bus = await openBus()
  const started = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const { seen, close } = await consumer(bus, 'a', async () => {
    started.resolve()
    await gate.promise
  })
  await bus.publish([happened('a'), happened('b')])
  await started.promise
  const closed = close()
  gate.resolve()
  await closed
  expect(seen).toEqual(['a'])
  const { rows } = await pool.query('SELECT min(position) AS first FROM bus_event')
  expect(await offset('a')).toBe(Number(rows[0].first))
})

test('a wait between attempts does not hold up closing; the event stays for the next consumer', async () => {
  const bus = await openBus([60_000])
  const failed = Promise.withResolvers<void>()
  const { close } = await consumer(bus, 'a', async () => {
    failed.resolve()
    throw new Error('not now')
  })
  await bus.publish([happened('a')])
  await failed.promise
  await close()
  expect((await pool.query('SELECT 1 FROM bus_dead_letter')).rowCount).toBe(0)
  const { seen } = await consumer(bus, 'a')
  await eventually('the event', () => seen.length === 1)
})

test('a publish that fails is all or nothing, and the bus goes on', async () => {
  const bus = await openBus()
  const { seen } = await consumer(bus, 'a')
  await expect(bus.publish([happened('a'), { ...happened('b'), time: 'never' }])).rejects.toThrow()
  await pool.query(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'event bus' AND datname = current_database()",
  )
  await bus.publish([happened('c')]).catch(() => bus.publish([happened('c')]))
  await eventually('the good one', () => seen.length > 0)
  expect(seen).toEqual(['c'])
})
