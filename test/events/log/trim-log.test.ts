import type { Bus } from '../../../events/bus/bus.ts'
import { eventually } from '../../support/eventually.ts'
import { type LogFixture, numbered, take, testLog, thingChanged, things, write } from './log-fixture.ts'

const never = new AbortController().signal
const day = 24 * 60 * 60 * 1_000
const expired = expect.objectContaining({ code: 'CURSOR_EXPIRED' })

async function head(fixture: LogFixture) {
  const { rows } = await fixture.pool.query(
    `SELECT horizon::int, bytes::int, (SELECT count(*)::int FROM event_log) AS kept,
       (SELECT coalesce(sum(octet_length(data::text)), 0)::int FROM event_log) AS size FROM event_log_head`,
  )
  return rows[0]
}

async function publishedUpTo(fixture: LogFixture, position: number): Promise<void> {
  await eventually(`${position} events are on the bus`, async () => {
    const { rows } = await fixture.pool.query('SELECT published::int FROM event_log_head')
    return rows[0].published === position
  })
}

testLog(
  'what is too old goes, a relay’s batch at a time; what is younger stays; the rest of the log goes on',
  async (fixture) => {
    const writer = await fixture.openLog()
    for (const subject of numbered('old', 3)) await write(writer, subject)
    const [first, , third] = await eventually('all are positioned', async () => {
      const entries = await writer.read(things, null, 9)
      return entries.length === 3 && entries
    })
    await writer.transaction(async (tx) => {
      await tx.$executeRaw`
      INSERT INTO event_log (id, type, subject, client, time, data_version, data)
      SELECT gen_random_uuid(), 'test.thing.changed', 'old', 'acme', now(), 1, '{}' FROM generate_series(1, 1200)`
    })
    await publishedUpTo(fixture, 1_203)
    await fixture.pool.query(`UPDATE event_log SET time = now() - interval '2 days'`)
    await write(writer, 'young')
    await publishedUpTo(fixture, 1_204)
    await writer.close()

    const log = await fixture.openLog({ retention: { maxAgeMs: day, maxBytes: 1e9 } })
    await eventually('the old ones are gone', async () => (await head(fixture)).kept === 1)
    expect(await head(fixture)).toMatchObject({ horizon: 1_203, kept: 1 })
    expect((await head(fixture)).bytes).toBe((await head(fixture)).size)
    for (const { cursor } of [first, third].filter((entry) => entry !== undefined)) {
      await expect(log.read(things, cursor, 1)).rejects.toEqual(expired)
      await expect(log.tail(things, cursor, never).next()).rejects.toEqual(expired)
    }
    expect((await log.read(things, null, 9)).map(({ event }) => event.subject)).toEqual(['young'])
    const tail = log.tail(things, null, never)
    await write(log, 'live')
    expect((await take(tail, 1))[0]?.event.subject).toBe('live')
  },
)

testLog(
  'beyond its size the log loses its oldest; a cursor just before what is kept still serves',
  async (fixture) => {
    const writer = await fixture.openLog()
    const text = 'x'.repeat(1_000)
    for (const subject of numbered('e', 30)) await write(writer, subject, { data: { text } })
    await publishedUpTo(fixture, 30)
    const entries = await writer.read(things, null, 100)
    await writer.close()
    const log = await fixture.openLog({ retention: { maxAgeMs: day, maxBytes: 10_500 } })
    const { horizon, bytes, size } = await eventually('it is trimmed', async () => {
      const now = await head(fixture)
      return now.kept < 30 && now
    })
    expect(bytes).toBe(size)
    expect(bytes).toBeLessThanOrEqual(10_500)
    expect(horizon).toBe(20)
    await expect(log.read(things, entries[18]?.cursor ?? '', 1)).rejects.toEqual(expired)
    const rest = await log.read(things, entries[19]?.cursor ?? '', 100)
    expect(rest.map(({ event }) => event.subject)).toEqual(numbered('e', 30).slice(20))
  },
)

testLog('what the bus does not have yet is kept, however old and large', async (fixture) => {
  let away = true
  const bus: Bus = {
    ...fixture.bus,
    publish: (events) => (away ? Promise.reject(new Error('away')) : fixture.bus.publish(events)),
  }
  const log = await fixture.openLog({ bus, retention: { maxAgeMs: 0, maxBytes: 0 } })
  for (const subject of numbered('e', 5)) await write(log, subject)
  await eventually('all are positioned', async () => (await fixture.positions()).length === 5)
  // The relay looks at once when it begins to work, and has seen them unpublished.
  await fixture.terminate('test event relay')
  await write(log, 'e5')
  await eventually('another session works', async () => (await fixture.positions()).length === 6)
  expect((await head(fixture)).kept).toBe(6)
  away = false
  await publishedUpTo(fixture, 6)
  await fixture.terminate('test event relay')
  await eventually('now they are gone', async () => (await head(fixture)).kept === 0)
  expect(await head(fixture)).toMatchObject({ horizon: 6, bytes: 0 })
})

testLog('large events come page by page, all of them, and nobody holds more than a page', async (fixture) => {
  const log = await fixture.openLog()
  const text = 'ü'.repeat(200_000)
  const tail = log.tail(things, null, never)
  await log.transaction(async (_tx, append) => {
    for (const subject of numbered('e', 40)) await append(thingChanged(subject, { data: { text } }))
  })
  expect((await take(tail, 40)).map(({ event }) => event.subject)).toEqual(numbered('e', 40))
  const page = await log.read(things, null, 40)
  expect(page.length).toBeLessThan(10)
  const rest = await take(log.tail(things, page[0]?.cursor ?? '', never), 39)
  expect(rest.map(({ event }) => event.subject)).toEqual(numbered('e', 40).slice(1))
  await publishedUpTo(fixture, 40)
})
