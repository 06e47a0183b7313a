import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { LogEntry } from '../../../events/log/log-stream.ts'
import { eventually } from '../../support/eventually.ts'
import { type LogFixture, type TestLog, testLog, thingChanged, things } from './log-fixture.ts'

const subjects = ['a', 'b', 'c', 'd', 'e']

/** Mulberry32: the same seed gives the same run, as far as processes and the network are the same. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Changes a subject; slow or fast, undone, or killed half-way. What was not committed must not be seen, in any order. */
async function change(log: TestLog, random: () => number): Promise<void> {
  const subject = subjects[Math.floor(random() * subjects.length)] ?? 'a'
  const [seconds, fate] = [random() / 50, random()]
  await log
    .transaction(async (tx, append) => {
      const [row] = await tx.$queryRaw<{ value: number }[]>`
        UPDATE thing SET value = value + 1 WHERE id = ${subject} RETURNING value`
      await append(thingChanged(subject, { data: { value: row?.value } }))
      await tx.$executeRaw`SELECT pg_sleep(${seconds})`
      if (fate < 0.1) throw new Error('undone')
      if (fate > 0.93) await tx.$executeRaw`SELECT pg_terminate_backend(pg_backend_pid())`
    })
    .catch(() => undefined)
}

/** Relays in processes of their own, that are killed, stopped and let go on; `end` leaves none. */
function relayProcesses({ url }: LogFixture, random: () => number) {
  const script = new URL('./relay-process.ts', import.meta.url).pathname
  const running: ChildProcess[] = []
  return {
    strike() {
      const fate = random()
      const victim = running[Math.floor(random() * running.length)]
      if (running.length < 3) running.push(spawn(process.execPath, [script, url], { stdio: 'ignore' }))
      else if (fate < 0.4) victim?.kill('SIGKILL')
      else if (fate < 0.7) victim?.kill('SIGSTOP')
      else victim?.kill('SIGCONT')
      for (const [index, child] of [...running.entries()].reverse()) {
        if (child.killed && child.signalCode !== null) running.splice(index, 1)
      }
    },
    async end() {
      for (const child of running) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    },
  }
}

/** Reads on and on, and begins again with its last cursor at whatever moment, at either instance. */
function startReader(logs: readonly [TestLog, TestLog], random: () => number) {
  const seen: LogEntry[] = []
  const ending = new AbortController()
  const first = logs[0].tail(things, null, ending.signal)
  const ended = (async () => {
    let [tail, cursor] = [first, first.place()]
    while (!ending.signal.aborted) {
      const { value } = await tail.next()
      if (!value) break
      seen.push(value)
      cursor = value.cursor
      if (random() > 0.1) continue
      await tail.return()
      tail = logs[random() < 0.5 ? 0 : 1].tail(things, cursor, ending.signal)
    }
  })()
  return {
    seen,
    async end() {
      ending.abort()
      await ended
    },
  }
}

type Row = { subject: string; value: number }
const valuesOf = (rows: readonly Row[], subject: string) =>
  rows.filter((row) => row.subject === subject).map(({ value }) => value)
const counting = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

for (const seed of [1, 2, 3]) {
  testLog(
    `seed ${seed}: whatever is killed or stopped, all that was committed is seen once, in order`,
    async (fixture) => {
      const random = createRandom(seed)
      const logs = [await fixture.openLog(), await fixture.openLog()] as const
      await fixture.pool.query('INSERT INTO thing SELECT id, 0 FROM unnest($1::text[]) AS id', [subjects])
      const relays = relayProcesses(fixture, random)
      const readers = counting(3).map(() => startReader(logs, random))
      try {
        for (let round = 0; round < 12; round++) {
          relays.strike()
          if (round % 4 === 1) await fixture.terminate('test event')
          await Promise.all(counting(20).map((at) => change(logs[at % 2 ? 0 : 1], random)))
        }
        const { rows } = await fixture.pool.query<{ id: string; value: number }>(
          'SELECT id, value FROM thing',
        )
        const committed = rows.reduce((sum, { value }) => sum + value, 0)
        const all = async (what: string, count: () => Promise<number> | number) =>
          eventually(`all ${what}`, async () => (await count()) >= committed, 30_000)
        await all('are positioned', async () => (await fixture.positions()).length)
        expect((await fixture.positions()).map(({ position }) => position)).toEqual(counting(committed))

        const published = async () =>
          (
            await fixture.pool.query<Row>(
              `SELECT subject, (data->>'value')::int AS value FROM bus_event ORDER BY position`,
            )
          ).rows
        await all('are on the bus', async () => (await published()).length)
        for (const { seen } of readers) await all('are seen', () => seen.length)
        const whatWasSeen = [
          await published(),
          ...readers.map(({ seen }) =>
            seen.map(({ event }) => ({ subject: event.subject, value: Number(event.data.value) })),
          ),
        ]
        for (const { id, value } of rows) {
          for (const seen of whatWasSeen) expect(valuesOf(seen, id)).toEqual(counting(value))
        }
      } finally {
        await relays.end()
        for (const reader of readers) await reader.end()
      }
    },
    90_000,
  )
}
