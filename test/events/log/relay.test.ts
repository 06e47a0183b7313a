import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startRelay } from '../../../events/log/relay.ts'
import { defaultRetention } from '../../../events/log/trim-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { eventually } from '../../support/eventually.ts'
import { type LogFixture, numbered, openLogFixture, take, things, write } from './log-fixture.ts'

let fixture: LogFixture
beforeEach(async () => {
  fixture = await openLogFixture()
})
afterEach(() => fixture.close())

async function relayPids(): Promise<number[]> {
  const { rows } = await fixture.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = 'test event relay'`,
  )
  return rows.map(({ pid }) => pid)
}

async function published(): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ subject: string }>(
    'SELECT subject FROM bus_event ORDER BY position',
  )
  return rows.map(({ subject }) => subject)
}

test('of many relays one works; it is replaced when its connection is killed; no position is given twice', async () => {
  const logs = await Promise.all([fixture.openLog(), fixture.openLog(), fixture.openLog()])
  const [log] = logs
  const tail = log.tail(things, null, new AbortController().signal)
  const names = numbered('e', 90)
  const seen = take(tail, names.length)
  for (const [index, name] of names.entries()) {
    if (index % 30 === 10) {
      const [pid] = await eventually('a relay works', async () => {
        const pids = await relayPids()
        return pids.length > 0 && pids
      })
      await fixture.pool.query('SELECT pg_terminate_backend($1)', [pid])
    }
    await write(logs[index % 3] ?? log, name)
  }
  const order = (await seen).map(({ event }) => event.subject)
  expect([...order].sort()).toEqual([...names].sort())
  expect(order).toEqual(names) // written one after the other
  const positions = await fixture.positions()
  expect(positions.map(({ position }) => position)).toEqual(names.map((_, index) => index + 1))
  expect(await relayPids()).toHaveLength(1)
  await eventually('all are on the bus', async () => (await published()).length === names.length)
  expect(await published()).toEqual(names)
})

test('takes over from a relay that closes within a second', async () => {
  const [first, second] = [await fixture.openLog(), await fixture.openLog()]
  await write(second, 'a')
  await eventually('a relay works', async () => (await relayPids()).length === 1)
  await first.close()
  const started = performance.now()
  await write(second, 'b')
  await eventually('the other works', async () => (await fixture.positions()).length === 2, 5_000)
  expect(performance.now() - started).toBeLessThan(2_000)
})

async function relayInAProcess() {
  const script = new URL('./relay-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, fixture.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await eventually('the relay of the child works', async () => (await relayPids()).length === 1)
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a process that gets %s is replaced within seconds',
  async (signal) => {
    const relay = await relayInAProcess()
    try {
      const log = await fixture.openLog()
      await write(log, 'a')
      await eventually('the child gave a position', async () => (await fixture.positions()).length === 1)
      relay.child.kill(signal)
      const started = performance.now()
      await write(log, 'b')
      await eventually('ours has taken over', async () => (await fixture.positions()).length === 2, 20_000)
      expect(performance.now() - started).toBeLessThan(signal === 'SIGKILL' ? 2_000 : 8_000)
      await eventually('and published', async () => (await published()).length === 2)
      if (signal === 'SIGSTOP') relay.child.kill('SIGCONT')
      for (const subject of numbered('c', 20)) await write(log, subject)
      await eventually('still one works', async () => (await published()).length === 22)
      expect(await relayPids()).toHaveLength(1)
      const subjects = ['a', 'b', ...numbered('c', 20)]
      expect((await fixture.positions()).map(({ subject }) => subject)).toEqual(subjects)
      expect(await published()).toEqual(subjects)
    } finally {
      await relay[Symbol.asyncDispose]()
    }
  },
)

test('a bus that is away holds up its consumers only; it gets everything, in order, when it is back', async () => {
  const names = numbered('e', 20)
  let away = true
  const close = startRelay({
    databaseUrl: fixture.url,
    source: 'test',
    log: silentLog,
    retention: defaultRetention,
    bus: {
      ...fixture.bus,
      publish: (events) => (away ? Promise.reject(new Error('away')) : fixture.bus.publish(events)),
    },
  }).close
  await eventually('a relay works', async () => (await relayPids()).length === 1)
  const log = await fixture.openLog()
  const tail = log.tail(things, null, new AbortController().signal)
  for (const name of names) await write(log, name)
  expect((await take(tail, 20)).map(({ event }) => event.subject)).toEqual(names)
  expect(await published()).toEqual([])
  away = false
  await eventually('all are on the bus', async () => (await published()).length === 20)
  expect(await published()).toEqual(names)
  await close()
})

test('what the relay before had published already is not published twice', async () => {
  const log = await fixture.openLog()
  for (const name of numbered('e', 5)) await write(log, name)
  await eventually('all are on the bus', async () => (await published()).length === 5)
  await fixture.terminate('test event relay')
  await fixture.pool.query('UPDATE event_log_head SET published = 2') // as if it had died before it noted so
  await fixture.terminate('test event relay')
  await write(log, 'last')
  await eventually('the last is on the bus', async () => (await published()).includes('last'))
  expect(await published()).toEqual([...numbered('e', 5), 'last'])
})
