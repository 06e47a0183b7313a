import { eventually } from '../../support/eventually.ts'
import { numbered, take, testLog, thingChanged, things, write } from './log-fixture.ts'

const never = new AbortController().signal
const subjects = (entries: { event: { subject: string } }[]) => entries.map(({ event }) => event.subject)

testLog('state and event are committed together, and the event arrives whole', async (fixture) => {
  const log = await fixture.openLog()
  const tail = log.tail(things, null, never)
  const written = await log.transaction(async (tx, append) => {
    await tx.$executeRaw`INSERT INTO thing VALUES ('a', 1)`
    return append(
      thingChanged('a', {
        actor: 'user:u1',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        dataVersion: 3,
        data: { deep: [{ ü: null }] },
      }),
    )
  })
  const [entry] = await take(tail, 1)
  expect(entry?.event).toEqual(written)
  expect(entry?.event).toMatchObject({
    source: 'test',
    client: 'acme',
    actor: 'user:u1',
    data: { deep: [{ ü: null }] },
  })
  expect((await fixture.pool.query('SELECT id FROM thing')).rows).toEqual([{ id: 'a' }])
})

testLog('what is rolled back never happened: neither state nor event', async (fixture) => {
  const log = await fixture.openLog()
  const tail = log.tail(things, null, never)
  const failing = log.transaction(async (tx, append) => {
    await tx.$executeRaw`INSERT INTO thing VALUES ('a', 1)`
    await append(thingChanged('rolled back'))
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  await write(log, 'kept')
  expect(subjects(await take(tail, 1))).toEqual(['kept'])
  expect((await fixture.pool.query('SELECT 1 FROM thing')).rowCount).toBe(0)
  expect(await log.read(things, null, 10)).toHaveLength(1)
})

testLog(
  'an append that nobody awaits is in the commit, and its failure is the transaction’s',
  async (fixture) => {
    const log = await fixture.openLog()
    await log.transaction(async (_tx, append) => {
      append(thingChanged('not awaited'))
    })
    const failing = log.transaction(async (_tx, append) => {
      append(thingChanged('nul \0 is refused by PostgreSQL'))
    })
    await expect(failing).rejects.toThrow()
    await eventually('one event', async () => (await log.read(things, null, 10)).length === 1)
  },
)

testLog('a transaction that commits late is not passed over', async (fixture) => {
  const log = await fixture.openLog()
  const tail = log.tail(things, null, never)
  const gate = Promise.withResolvers<void>()
  const appended = Promise.withResolvers<void>()
  const late = log.transaction(async (_tx, append) => {
    await append(thingChanged('A'))
    appended.resolve()
    await gate.promise
  })
  await appended.promise
  await write(log, 'B')
  const first = await take(tail, 1)
  expect(subjects(first)).toEqual(['B'])
  expect(subjects(await log.read(things, null, 10))).toEqual(['B'])
  gate.resolve()
  await late
  expect(subjects(await take(tail, 1))).toEqual(['A'])
  expect(subjects(await log.read(things, first[0]?.cursor ?? '', 10))).toEqual(['A'])
  expect(await fixture.positions()).toEqual([
    { position: 1, subject: 'B' },
    { position: 2, subject: 'A' },
  ])
})

testLog(
  'transactions that overlap, roll back or are killed half-way: all that was committed, once, in one order',
  async (fixture) => {
    const log = await fixture.openLog()
    const tail = log.tail(things, null, never)
    const committed: string[] = []
    const run = async (subject: string, index: number) => {
      try {
        await log.transaction(async (tx, append) => {
          await append(thingChanged(subject))
          // Different lengths, so that commits come in another order than appends.
          await tx.$executeRaw`SELECT pg_sleep(${(index * 7) % 11}::float8 / 500)`
          if (index % 5 === 0) throw new Error('rolled back')
          if (index % 7 === 0) await tx.$executeRaw`SELECT pg_terminate_backend(pg_backend_pid())`
          await append(thingChanged(subject))
        })
        committed.push(subject)
      } catch {
        // Expected of every fifth and seventh: what they wrote must not be seen.
        expect(index % 5 === 0 || index % 7 === 0).toBe(true)
      }
    }
    const all = numbered('t', 150)
    for (let start = 0; start < all.length; start += 30) {
      await Promise.all(all.slice(start, start + 30).map((subject, index) => run(subject, start + index)))
    }
    await write(log, 'end')
    const seen = subjects(await take(tail, committed.length * 2 + 1))
    expect(seen.filter((subject) => subject !== 'end').sort()).toEqual([...committed, ...committed].sort())
    const positions = await fixture.positions()
    expect(positions.map(({ position }) => position)).toEqual(positions.map((_, index) => index + 1))
    expect(positions.map(({ subject }) => subject)).toEqual(seen)
    expect(committed.length).toBe(103)
  },
)

testLog('events of one subject stay in the order of their state', async (fixture) => {
  const [one, two] = await Promise.all([fixture.openLog(), fixture.openLog()])
  await fixture.pool.query("INSERT INTO thing VALUES ('a', 0)")
  const tail = one.tail(things, null, never)
  const increment = (log: typeof one) =>
    log.transaction(async (tx, append) => {
      const rows = await tx.$queryRaw<
        { value: number }[]
      >`UPDATE thing SET value = value + 1 WHERE id = 'a' RETURNING value`
      await append(thingChanged('a', { data: { value: rows[0]?.value } }))
    })
  await Promise.all(Array.from({ length: 40 }, (_, index) => increment(index % 2 ? one : two)))
  const values = (await take(tail, 40)).map(({ event }) => event.data.value)
  expect(values).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
})

testLog('reads page by page, from any cursor, and only what the stream names', async (fixture) => {
  const log = await fixture.openLog()
  for (const subject of numbered('e', 5)) await write(log, subject)
  await write(log, 'other client', { client: 'globex' })
  await write(log, 'other type', { type: 'test.other.changed' })
  await eventually('all are positioned', async () => (await fixture.positions()).length === 7)

  const first = await log.read(things, null, 3)
  expect(subjects(first)).toEqual(['e0', 'e1', 'e2'])
  expect(subjects(await log.read(things, first[2]?.cursor ?? '', 3))).toEqual(['e3', 'e4'])
  expect(subjects(await log.read({ ...things, client: 'globex' }, null, 9))).toEqual(['other client'])
  const both = { ...things, types: ['test.other.changed', 'test.thing.changed', 'test.thing.changed'] }
  expect(subjects(await log.read(both, null, 9))).toEqual([...numbered('e', 5), 'other type'])
  expect(await log.read({ ...things, types: [] }, null, 9)).toEqual([])
})

testLog(
  'cursors of another client, stream, log or hand are refused, and expired ones told apart',
  async (fixture) => {
    const log = await fixture.openLog()
    for (const subject of numbered('e', 3)) await write(log, subject)
    const entries = await eventually('all are positioned', async () => {
      const read = await log.read(things, null, 9)
      return read.length === 3 && read
    })
    const [first, second, third] = entries.map(({ cursor }) => cursor)
    const refused = async (stream: typeof things, cursor = '') => {
      const answers = [log.read(stream, cursor, 1), log.tail(stream, cursor, never).next()]
      const [read, tailed] = await Promise.allSettled(answers)
      expect(read?.status === 'rejected' && read.reason.code).toBe(
        tailed?.status === 'rejected' && tailed.reason.code,
      )
      return read?.status === 'rejected' && read.reason.code
    }
    expect(await refused({ ...things, client: 'globex' }, first)).toBe('CURSOR_INVALID')
    expect(await refused({ ...things, name: 'others' }, first)).toBe('CURSOR_OF_ANOTHER_STREAM')
    expect(await refused(things, 'nonsense')).toBe('CURSOR_INVALID')
    expect(await refused(things, '')).toBe('CURSOR_INVALID')

    // A new instance has nothing of this in memory, and must ask the database.
    const other = await fixture.openLog()
    const removeUpTo = (position: number) =>
      fixture.pool.query(
        `WITH removed AS (DELETE FROM event_log WHERE position <= ${position}) UPDATE event_log_head SET horizon = ${position}`,
      )
    await removeUpTo(2)
    await expect(other.read(things, first ?? '', 1)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
    await expect(other.tail(things, first ?? '', never).next()).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
    })
    expect(subjects(await take(other.tail(things, second ?? '', never), 1))).toEqual(['e2'])
    await removeUpTo(3)
    await expect(other.read(things, second ?? '', 1)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
    expect(await other.read(things, third ?? '', 1)).toEqual([])
  },
)
