import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startRelay } from '../../../events/log/relay.ts'
import { defaultRetention } from '../../../events/log/trim-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { eventually } from '../../support/eventually.ts'
import { type LogFixture, numbered, take, testLog, things, write } from './log-fixture.ts'

async function relayPids(fixture: LogFixture): Promise<number[]> {
  const { rows } = await fixture.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = 'test event relay'`,
  )
  return rows.map(({ pid }) => pid)
}

async function published(fixture: LogFixture): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ subject: string }>(
    'SELECT subject FROM bus_event ORDER BY position',
  )
  return rows.map(({ subject }) => subject)
}

testLog(
  'of many relays one works; it is replaced when its connection is killed; no position is given twice',
  async (fixture) => {
    const logs = await Promise.all([fixture.openLog(), fixture.openLog(), fixture.openLog()])
    const [log] = logs
    const tail = log.tail(things, null, new AbortController().signal)
    const names = numbered('e', 90)
    const seen = take(tail, names.length)
    for (const [index, name] of names.entries()) {
      if (index % 30 === 10) {
        const [pid] = await eventually('a relay works', async () => {
          const pids = await relayPids(fixture)
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
    expect(await relayPids(fixture)).toHaveLength(1)
    await eventually('all are on the bus', async () => (await published(fixture)).length === names.length)
    expect(await published(fixture)).toEqual(names)
  },
)

testLog('takes over from a relay that closes within a second', async (fixture) => {
  const [first, second] = [await fixture.openLog(), await fixture.openLog()]
  await write(second, 'a')
  await eventually('a relay works', async () => (await relayPids(fixture)).length === 1)
  await first.close()
  const started = performance.now()
  await write(second, 'b')
  await eventually('the other works', async () => (await fixture.positions()).length === 2, 5_000)
  expect(performance.now() - started).toBeLessThan(2_000)
})

async function relayInAProcess(fixture: LogFixture) {
  const script = new URL('./relay-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, fixture.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await eventually('the relay of the child works', async () => (await relayPids(fixture)).length === 1)
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  testLog(`a process that gets ${signal} is replaced within seconds`, async (fixture) => {
    const relay = await relayInAProcess(fixture)
    try {
      const log = await fixture.openLog()
      await write(log, 'a')
      await eventually('the child gave a position', async () => (await fixture.positions()).length === 1)
      relay.child.kill(signal)
      const started = performance.now()
      await write(log, 'b')
      await eventually('ours has taken over', async () => (await fixture.positions()).length === 2, 20_000)
      expect(performance.now() - started).toBeLessThan(signal === 'SIGKILL' ? 2_000 : 8_000)
      await eventually('and published', async () => (await published(fixture)).length === 2)
      if (signal === 'SIGSTOP') relay.child.kill('SIGCONT')
      for (const subject of numbered('c', 20)) await write(log, subject)
      await eventually('still one works', async () => (await published(fixture)).length === 22)
      expect(await relayPids(fixture)).toHaveLength(1)
      const subjects = ['a', 'b', ...numbered('c', 20)]
      expect((await fixture.positions()).map(({ subject }) => subject)).toEqual(subjects)
      expect(await published(fixture)).toEqual(subjects)
    } finally {
      await relay[Symbol.asyncDispose]()
    }
  })
}

testLog(
  'a bus that is away holds up its consumers only; it gets everything, in order, when it is back',
  async (fixture) => {
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
    await eventually('a relay works', async () => (await relayPids(fixture)).length === 1)
    const log = await fixture.openLog()
    const tail = log.tail(things, null, new AbortController().signal)
    for (const name of names) await write(log, name)
    expect((await take(tail, 20)).map(({ event }) => event.subject)).toEqual(names)
    expect(await published(fixture)).toEqual([])
    away = false
    await eventually('all are on the bus', async () => (await published(fixture)).length === 20)
    expect(await published(fixture)).toEqual(names)
    await close()
  },
)

testLog('what the relay before had published already is not published twice', async (fixture) => {
  const log = await fixture.openLog()
  for (const name of numbered('e', 5)) await write(log, name)
  await eventually('all are on the bus', async () => (await published(fixture)).length === 5)
  await fixture.terminate('test event relay')
  await fixture.pool.query('UPDATE event_log_head SET published = 2') // as if it had died before it noted so
  await fixture.terminate('test event relay')
  await write(log, 'last')
  await eventually('the last is on the bus', async () => (await published(fixture)).includes('last'))
  expect(await published(fixture)).toEqual([...numbered('e', 5), 'last'])
})
