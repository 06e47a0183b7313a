import fc from 'fast-check'
import type { LogEntry } from '../../../events/log/log-stream.ts'
import { newestOfEach } from '../../../events/log/newest-of-each.ts'
import { numbered, take, testLog, thingChanged, things, write } from './log-fixture.ts'

const never = new AbortController().signal

/** Events about these things, one after the other; a position is a place in the list, from 1. */
function logOf(abouts: readonly string[]) {
  const events = abouts.map((subject, index) => ({
    position: index + 1,
    event: {
      ...{ id: `${index}`, source: 'test', dataVersion: 1, time: '2026-01-01T00:00:00Z' },
      ...thingChanged(subject),
    },
  }))
  return async (after: number, pageSize: number) =>
    newestOfEach({
      after,
      upTo: abouts.length,
      about: ({ subject }) => subject,
      passes: async () => true,
      read: async (from) => ({
        events: events.slice(from, from + pageSize),
        position: Math.min(events.length, from + pageSize),
      }),
    })
}

test('whoever goes on behind any of them misses nothing and is told nothing again', async () => {
  const abouts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(abouts, fc.nat(39), fc.integer({ min: 1, max: 9 }), async (list, at, pageSize) => {
      const read = logOf(list)
      const { newest, position } = await read(0, pageSize)
      expect(position).toBe(list.length)
      // What a map of the whole list says.
      const last = new Map(list.map((about, index) => [about, index + 1]))
      const expected = [...last].toSorted(([, a], [, b]) => a - b)
      expect(newest.map(({ event, position }) => [event.subject, position])).toEqual(expected)
      // Interrupted behind one of them, it goes on with the others.
      const cut = at % newest.length
      const rest = await read(newest[cut]?.position ?? 0, pageSize)
      expect(rest.newest).toEqual(newest.slice(cut + 1))
    }),
  )
})

test('of very many things it gives a part, and says up to where', async () => {
  const list = numbered('thing', 2_500)
  const read = logOf(list)
  const seen: string[] = []
  for (let position = 0, parts = 0; position < list.length; parts++) {
    const found = await read(position, 100)
    expect(found.newest.length).toBeLessThanOrEqual(1_000)
    expect(parts).toBeLessThan(4)
    seen.push(...found.newest.map(({ event }) => event.subject))
    position = found.position
  }
  expect(seen).toEqual(list)
})

const states = {
  ...things,
  newest: { about: (event: { subject: string }) => event.subject, restMs: 20 },
}
const brief = (entries: LogEntry[]) => entries.map(({ event, lagged }) => [event.data.value, lagged])

testLog(
  'a tail of states: history is one entry for each thing, then live; a burst is no gap',
  async (fixture) => {
    const log = await fixture.openLog({ maxBehind: 10 })
    const change = (subject: string, value: number) => write(log, subject, { data: { value } })
    const tail = log.tail(states, null, never)
    await change('a', 0)
    const [first] = await take(tail, 1)
    for (let value = 1; value <= 60; value++) await change(value % 2 ? 'a' : 'b', value)
    await fixture.terminate('test event reader')
    const later = [first]
    while (later.at(-1)?.event.data.value !== 60) later.push(...(await take(tail, 1)))
    expect(later.every((entry) => entry?.lagged === 0)).toBe(true)
    expect(later.length).toBeLessThan(20)
    const again = log.tail(states, first?.cursor ?? '', never)
    expect(brief(await take(again, 2))).toEqual([
      [59, 0],
      [60, 0],
    ])
    await change('a', 61)
    expect(brief(await take(again, 1))).toEqual([[61, 0]])
  },
)
