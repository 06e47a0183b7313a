import { Client } from 'pg'
import type { LogEntry } from '../../../events/log/log-stream.ts'
import { eventually } from '../../support/eventually.ts'
import {
  type LogFixture,
  numbered,
  take,
  testLog,
  thingChanged,
  things,
  write,
  writeMany,
} from './log-fixture.ts'

const never = new AbortController().signal
const subjects = (entries: LogEntry[]) => entries.map(({ event }) => event.subject)

testLog('live begins where tail() is called, not where the first next() is', async (fixture) => {
  const log = await fixture.openLog()
  const earlier = log.tail(things, null, never)
  await write(log, 'before')
  await take(earlier, 1)
  const tail = log.tail(things, null, never)
  await write(log, 'after')
  await eventually('it is positioned', async () => (await fixture.positions()).length === 2)
  expect(subjects(await take(tail, 1))).toEqual(['after'])
})

async function firstCursor(log: Awaited<ReturnType<LogFixture['openLog']>>): Promise<string> {
  return eventually('a first entry', async () => (await log.read(things, null, 1))[0]?.cursor)
}

testLog(
  'history passes into live under concurrent writes: each once, in order, for whoever begins wherever',
  async (fixture) => {
    const [one, two] = await Promise.all([fixture.openLog(), fixture.openLog()])
    const total = 400
    await write(one, 'first')
    const cursors = [await firstCursor(one)]
    const writing = (async () => {
      for (let index = 0; index < total; index += 20) {
        await Promise.all(numbered(`e${index}-`, 20).map((subject, at) => write(at % 2 ? one : two, subject)))
      }
    })()
    const tails: Promise<LogEntry[]>[] = []
    const begin = (cursor: string, index: number) => {
      const log = index % 2 ? one : two
      const left = eventually('where the cursor is', async () => {
        const history = await log.read(things, null, total + 1)
        const at = history.findIndex((entry) => entry.cursor === cursor)
        return at >= 0 && total - at
      })
      tails.push(left.then((count) => take(log.tail(things, cursor, never), count)))
    }
    for (let index = 0; index < 12; index++) {
      const cursor = cursors.at(-1) ?? ''
      begin(cursor, index)
      // The next one begins some entries further on, while the writing goes on.
      const [next] = (await take(two.tail(things, cursor, never), 10)).slice(-1)
      if (next) cursors.push(next.cursor)
    }
    await writing
    const order = await eventually('all are positioned', async () => {
      const positions = await fixture.positions()
      return positions.length === total + 1 && positions.map(({ subject }) => subject)
    })
    for (const seen of await Promise.all(tails)) expect(subjects(seen)).toEqual(order.slice(-seen.length))
  },
)

testLog('a slow subscriber loses nothing, and keeps nobody up', async (fixture) => {
  const log = await fixture.openLog()
  const slow = log.tail(things, null, never)
  const fast = log.tail(things, null, never)
  const names = numbered('e', 2_600) // more than the reader keeps in memory
  await write(log, 'e-first')
  expect(subjects(await take(slow, 1))).toEqual(['e-first'])
  const reading = take(fast, names.length + 1)
  await writeMany(log, names)
  await write(log, 'e-last')
  expect(subjects(await reading)).toEqual(['e-first', ...names])
  expect(subjects(await take(slow, names.length + 1))).toEqual([...names, 'e-last'])
})

testLog('a slow subscriber whose events are no longer kept is told so', async (fixture) => {
  const log = await fixture.openLog()
  const slow = log.tail(things, null, never)
  const fast = log.tail(things, null, never)
  const names = numbered('e', 1_200)
  await writeMany(log, names)
  await write(log, 'last')
  await take(fast, names.length)
  await fixture.pool.query(
    'WITH removed AS (DELETE FROM event_log WHERE position < 600) UPDATE event_log_head SET horizon = 599',
  )
  await expect(slow.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  expect(await slow.next()).toEqual({ done: true, value: undefined })
})

testLog(
  'a client’s subscriber is not woken by, and does not miss anything behind, another client’s burst',
  async (fixture) => {
    const log = await fixture.openLog()
    const globex = { ...things, client: 'globex' }
    const tail = log.tail(globex, null, never)
    const waiting = tail.next()
    await writeMany(log, numbered('acme', 1_500))
    await write(log, 'ours', { client: 'globex' })
    expect((await waiting).value?.event.subject).toBe('ours')
    await write(log, 'ours too', { client: 'globex' })
    expect(subjects(await take(tail, 1))).toEqual(['ours too'])
  },
)

for (const how of ['abort', 'return', 'close'] as const) {
  testLog(`${how} ends a tail that waits, at once`, async (fixture) => {
    const log = await fixture.openLog()
    const controller = new AbortController()
    const tail = log.tail(things, null, controller.signal)
    const waiting = tail.next()
    await write(log, 'other', { client: 'globex' })
    const started = performance.now()
    if (how === 'abort') controller.abort()
    if (how === 'return') await tail.return(undefined)
    if (how === 'close') await log.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(performance.now() - started).toBeLessThan(how === 'close' ? 1_000 : 100)
    expect(await tail.next()).toEqual({ done: true, value: undefined })
  })
}

testLog('an aborted signal ends a tail before it begins, and history where it is', async (fixture) => {
  const log = await fixture.openLog()
  expect(await log.tail(things, null, AbortSignal.abort()).next()).toEqual({ done: true, value: undefined })
  await writeMany(log, numbered('e', 200))
  await write(log, 'last')
  const controller = new AbortController()
  const other = await fixture.openLog()
  const tail = other.tail(things, await firstCursor(log), controller.signal)
  await take(tail, 3)
  controller.abort()
  expect((await tail.next()).done).toBe(true)
})

testLog('the loss of every connection, again and again, loses no event and doubles none', async (fixture) => {
  const log = await fixture.openLog()
  const tail = log.tail(things, null, never)
  const slow = log.tail(things, null, never)
  const names = numbered('e', 60)
  const seen = take(tail, names.length)
  for (const [index, name] of names.entries()) {
    if (index % 15 === 7) {
      await eventually(
        'there are connections to lose',
        async () => (await fixture.terminate('test event r')) > 1,
      )
      await fixture.terminate('test event log')
    }
    await write(log, name)
  }
  expect(subjects(await seen)).toEqual(names)
  await fixture.terminate('test event')
  expect(subjects(await take(slow, names.length))).toEqual(names)
})

testLog('history waits for a database that is away', async (fixture) => {
  const log = await fixture.openLog()
  await writeMany(log, numbered('e', 20))
  await write(log, 'last')
  const other = await fixture.openLog()
  const tail = other.tail(things, await firstCursor(log), never)
  const name = new URL(fixture.url).pathname.slice(1)
  const admin = Object.assign(new URL(fixture.url), { pathname: '/postgres' }).href
  const client = new Client({ connectionString: admin })
  await client.connect()
  await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
  await client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
    name,
  ])
  const waiting = take(tail, 20)
  await expect(fixture.pool.query('SELECT 1')).rejects.toThrow()
  await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
  await client.end()
  expect(subjects(await waiting)).toEqual([...numbered('e', 20).slice(1), 'last'])
})

testLog('a log that was replaced ends its tails, and the old cursors are refused', async (fixture) => {
  const log = await fixture.openLog()
  const tail = log.tail(things, null, never)
  await write(log, 'before')
  const [entry] = await take(tail, 1)
  const waiting = expect(tail.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  await fixture.pool.query('UPDATE event_log_head SET epoch = gen_random_uuid()')
  await fixture.terminate('test event reader')
  await waiting
  await expect(log.read(things, entry?.cursor ?? '', 1)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  const next = log.tail(things, null, never)
  await write(log, 'after')
  expect(subjects(await take(next, 1))).toEqual(['after'])
})

testLog(
  'two subscribers that pull side by side from one generator get different entries',
  async (fixture) => {
    const log = await fixture.openLog()
    const tail = log.tail(things, null, never)
    const pulls = [tail.next(), tail.next(), tail.next()]
    await log.transaction(async (_tx, append) => {
      for (const subject of ['a', 'b', 'c']) await append(thingChanged(subject))
    })
    expect((await Promise.all(pulls)).map(({ value }) => value?.event.subject)).toEqual(['a', 'b', 'c'])
  },
)
