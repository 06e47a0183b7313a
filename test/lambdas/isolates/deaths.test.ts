import { getPriority } from 'node:os'
import { silentLog } from '../../../foundation/log.ts'
import { commandOf, killAll, processTree } from '../../support/processes.ts'
import { answers, openPool, type PoolUnderTest } from './pool-under-test.ts'

// Who is told what when a process of isolates ends, and who has to run apart after it. One process is shared by all.

let pool: PoolUnderTest
/** Of each process that has ended by itself: whose code was running. */
let deaths: unknown[] = []
beforeEach(() => {
  deaths = []
  const warn = (facts: object) => 'clients' in facts && deaths.push(facts.clients)
  pool = openPool([], { shared: 1, log: { ...silentLog, warn } })
})
afterEach(() => pool?.close())

const plugin = answers(`async (_root, _args, ctx) => {
  const [what, ms] = await ctx.kv.get('what')
  if (what === 'answer') return 'well'
  ctx.kv.get('begun').catch(() => 0)
  if (what === 'spin') for (const from = Date.now(); Date.now() - from < ms; );
  if (what === 'hold the thread') { const x = (1n << 200000000n) - 1n; return String(x * x) }
  if (what === 'end the process') return 'x'.repeat(2 ** 28).split('').length
  return 'well'
}`)
type What = ['answer'] | ['spin', number] | ['hold the thread'] | ['end the process']

/** A call that asks what it is to do each time that it is begun; `asked` settles with what tells it. */
function call(client: string, { repeatable = true, cpuMs = 30_000 } = {}) {
  // Room for a number whose square takes seconds, in which nothing can interrupt it.
  const limits = { cpuMs, cpuMsPerSecond: 1_000, wallMs: 30_000, memoryMb: 256 }
  let asked = Promise.withResolvers<(what: What) => void>()
  let begun = Promise.withResolvers<void>()
  let times = 0
  const ask = (question: string) => {
    const told = Promise.withResolvers<string>()
    if (question.includes('begun')) begun.resolve()
    else {
      times += 1
      asked.resolve((what) => told.resolve(JSON.stringify({ answer: what })))
    }
    return told.promise
  }
  const answer = pool.answer({ client, digest: client, plugin, limits, ask, repeatable })
  return {
    answer,
    times: () => times,
    async waits() {
      const tell = await asked.promise
      asked = Promise.withResolvers()
      return tell
    },
    async runs(what: What) {
      begun = Promise.withResolvers()
      const tell = await this.waits()
      tell(what)
      await begun.promise
    },
  }
}

const processes = () => processTree(process.pid).filter((pid) => commandOf(pid).includes('isolates/main.ts'))
const isShared = (pid: number) => getPriority(pid) === 0 && !commandOf(pid).includes('"oneAtATime":true')
/** Processes for clients in quarantine: each is started with its first call. */
const inQuarantine = () => processes().filter((pid) => getPriority(pid) > 0).length
/** Kills what runs apart, with writes of these clients under way: who is in none of those is answered. */
async function runApart(...clients: string[]) {
  const writes = clients.map((client) => call(client, { repeatable: false }))
  const told = await Promise.all(writes.map((write) => write.waits()))
  killAll(processes().filter((pid) => !isShared(pid)))
  const answered = await Promise.all(
    writes.map(async (write, index) => {
      // What is lost hears nothing of it.
      told[index]?.(['answer'])
      return write.answer
    }),
  )
  return clients.filter((_client, index) => answered[index] === 'LAMBDA_UNAVAILABLE')
}

test('a read is begun again when its process dies, and again, and then says so', async () => {
  const killed = async (deaths: number) => {
    const read = call('acme')
    for (let death = 0; death < deaths; death++) {
      await read.waits()
      killAll(processes())
    }
    if (deaths < 3) (await read.waits())(['answer'])
    return [await read.answer, read.times()]
  }
  expect(await killed(1)).toEqual(['well', 2])
  expect(await killed(2)).toEqual(['well', 3])
  expect(await killed(3)).toEqual(['LAMBDA_UNAVAILABLE', 3])
})

test('a write says so after one death, and is not begun again; reads beside it are', async () => {
  const write = call('acme', { repeatable: false })
  const reads = ['acme', 'globex'].map((client) => call(client))
  await Promise.all([write, ...reads].map((one) => one.waits()))
  killAll(processes())
  expect(await write.answer).toBe('LAMBDA_UNAVAILABLE')
  for (const read of reads) {
    const tell = await read.waits()
    tell(['answer'])
    expect([await read.answer, read.times()]).toEqual(['well', 2])
  }
  expect(write.times()).toBe(1)
})

test('of those whose code ran when a process ended, only the one that ends its process alone goes into quarantine', async () => {
  const [hostile, innocent, beside] = [call('hostile'), call('innocent'), call('beside')]
  await beside.waits()
  await Promise.all([hostile, innocent].map((one) => one.runs(['spin', 20_000])))
  killAll(processes())
  // Both are suspects; what they do takes turns now.
  const tellHostile = await hostile.waits()
  await innocent.runs(['spin', 2_000])
  tellHostile(['end the process'])
  expect([await innocent.answer, innocent.times()]).toEqual(['well', 2])
  expect([await hostile.answer, hostile.times()]).toEqual(['LAMBDA_UNAVAILABLE', 2])
  expect(deaths.map((clients) => [...(clients as string[])].sort())).toEqual([
    ['hostile', 'innocent'],
    ['hostile'],
  ])
  const write = call('innocent', { repeatable: false })
  ;(await write.waits())(['answer'])
  expect([await write.answer, inQuarantine()]).toEqual(['well', 0])
  // It was near, but not in its turn.
  const tell = await beside.waits()
  expect(await runApart('beside')).toEqual([])
  tell(['answer'])
  expect([await beside.answer, beside.times()]).toEqual(['well', 2])
})

test('who ends processes by writes goes into quarantine with the second; a suspect that waits meanwhile is begun again', async () => {
  const [first, innocent] = [call('hostile', { repeatable: false }), call('innocent')]
  await innocent.runs(['spin', 20_000])
  ;(await first.waits())(['end the process'])
  expect(await first.answer).toBe('LAMBDA_UNAVAILABLE')
  await innocent.waits()
  const second = call('hostile', { repeatable: false })
  ;(await second.waits())(['end the process'])
  expect(await second.answer).toBe('LAMBDA_UNAVAILABLE')
  ;(await innocent.waits())(['answer'])
  expect([await innocent.answer, innocent.times()]).toEqual(['well', 3])
  expect(deaths).toEqual([expect.arrayContaining(['hostile', 'innocent']), ['hostile']])
  expect(inQuarantine()).toBe(0)
  const third = call('hostile')
  const tell = await third.waits()
  expect(inQuarantine()).toBe(1)
  tell(['answer'])
  expect(await third.answer).toBe('well')
})

test('who runs when a process is replaced for somebody else’s fault is begun again, and is no suspect', async () => {
  const [hostile, innocent] = [call('hostile', { cpuMs: 50 }), call('innocent')]
  await innocent.runs(['spin', 20_000])
  ;(await hostile.waits())(['hold the thread'])
  expect(await hostile.answer).toBe('LAMBDA_CPU_EXCEEDED')
  const tell = await innocent.waits()
  tell(['answer'])
  expect([await innocent.answer, innocent.times()]).toEqual(['well', 2])
  expect(deaths).toEqual([])
  expect(await runApart('innocent', 'hostile')).toEqual(['hostile'])
})
