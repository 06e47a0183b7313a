import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { LogEntry } from '../../../events/log/log-stream.ts'
import {
  numbered,
  openLogFixture,
  type TestLog,
  take,
  testLog,
  things,
  write,
  writeMany,
} from './log-fixture.ts'

const never = new AbortController().signal
const brief = (entries: LogEntry[]) => entries.map(({ event, lagged }) => [event.subject, lagged])
const isEven = ({ subject }: { subject: string }) => Number(subject.slice(1)) % 2 === 0
const even = { ...things, passes: isEven }

/** Writes them, and waits until this process has read the log up to the last of them. */
async function writeAndSee(log: TestLog, subjects: string[]): Promise<void> {
  const last = log.tail({ ...things, passes: ({ subject }) => subject === subjects.at(-1) }, null, never)
  const seen = take(last, 1)
  await writeMany(log, subjects)
  await seen
  await last.return(undefined)
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

testLog(
  'whoever falls too far behind goes on with the newest, knows how many it missed, and can go back for them',
  async (fixture) => {
    const log = await fixture.openLog({ maxBehind: 1_500 })
    const tail = log.tail(even, null, never)
    await write(log, 'e0')
    const [first] = await take(tail, 1)
    await writeAndSee(log, numbered('e', 4_001).slice(1))
    const [second] = await take(tail, 1)
    expect(second && brief([second])).toEqual([['e4000', 1_999]])
    await write(log, 'e4001')
    await write(log, 'e4002')
    expect(brief(await take(tail, 1))).toEqual([['e4002', 0]])

    // History that is asked for is history, however long.
    const missed = await take(log.tail(even, first?.cursor ?? '', never), 2_001)
    expect(brief(missed)).toEqual(
      numbered('e', 4_003)
        .filter((subject) => isEven({ subject }))
        .slice(1)
        .map((subject) => [subject, 0]),
    )
  },
)

testLog('whoever is just as far behind as is allowed misses nothing', async (fixture) => {
  const log = await fixture.openLog({ maxBehind: 1_500 })
  const tail = log.tail(things, null, never)
  await writeAndSee(log, numbered('e', 1_500))
  expect(brief(await take(tail, 1_500))).toEqual(numbered('e', 1_500).map((subject) => [subject, 0]))
})

testLog('a burst of another client, or of other types, makes nobody lag', async (fixture) => {
  const log = await fixture.openLog({ maxBehind: 10 })
  const globex = log.tail({ ...things, client: 'globex' }, null, never)
  const others = log.tail({ ...things, types: ['test.other.changed'] }, null, never)
  await write(log, 'ours', { client: 'globex' })
  await write(log, 'other', { type: 'test.other.changed' })
  await writeAndSee(log, numbered('e', 1_500))
  expect(brief(await take(globex, 1))).toEqual([['ours', 0]])
  expect(brief(await take(others, 1))).toEqual([['other', 0]])
})

testLog('nothing that passes was left out: no gap is told, and the next event is given', async (fixture) => {
  const log = await fixture.openLog({ maxBehind: 10 })
  const tail = log.tail({ ...things, passes: ({ subject }) => subject === 'mine' }, null, never)
  await writeAndSee(log, numbered('e', 1_500))
  const next = take(tail, 1)
  await write(log, 'mine')
  expect(brief(await next)).toEqual([['mine', 0]])
})

testLog(
  'whether an event passes is asked again when it cannot be told, and the event is not lost',
  async (fixture) => {
    const log = await fixture.openLog()
    let failures = 0
    const passes = async () => {
      if (failures++ < 3) throw new Error('the database is away')
      return true
    }
    const tail = log.tail({ ...things, passes }, null, never)
    await write(log, 'a')
    expect(brief(await take(tail, 1))).toEqual([['a', 0]])
    expect(failures).toBe(4)
  },
)

/** Alone: the memory of others would be counted. */
test('five hundred subscribers that stop reading while 40,000 events come cost little memory, and each an exact number', async () => {
  const fixture = await openLogFixture()
  const log = await fixture.openLog()
  const tails = Array.from({ length: 500 }, () => log.tail(even, null, never))
  await write(log, 'e0')
  await Promise.all(tails.map((tail) => take(tail, 1)))
  const before = heapUsed()
  await writeAndSee(log, numbered('e', 40_001).slice(1))
  // The reader's own thousand events are in it too.
  expect((heapUsed() - before) / tails.length).toBeLessThan(5_000)
  const some = await Promise.all(tails.slice(0, 3).map((tail) => take(tail, 1)))
  for (const entries of some) expect(brief(entries)).toEqual([['e40000', 19_999]])
  await fixture.close()
}, 60_000)
