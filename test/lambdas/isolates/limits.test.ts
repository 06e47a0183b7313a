import { setTimeout as delay } from 'node:timers/promises'
import type { Ask } from '../../../lambdas/host/isolate-process.ts'
import type { IsolateLimits } from '../../../lambdas/isolates/isolate-limits.ts'
import { answers, openPool, type PoolUnderTest } from './pool-under-test.ts'

// Each limit at its edge, as an operator has set it for one client: what is just within it is answered, and what is just
// beyond it ends with the limit's code. Depth, bundle and SDL are held elsewhere: handlers/whole-platform.test.ts,
// build-plugin.test.ts.

const logs: string[] = []
let pool: PoolUnderTest
beforeAll(() => {
  pool = openPool([(_build, { logs: lines }) => logs.push(...lines)])
})
afterAll(() => pool?.close())

let digests = 0
const call = (body: string, limits: Partial<IsolateLimits>, ask?: Ask) => {
  const digest = `d${++digests}`
  const plugin = answers(`async (_root, args, ctx) => { ${body} }`)
  // Each is a client of its own: who has broken limits is treated as such for a while.
  return (args: object) => pool.answer({ client: digest, digest, plugin, limits, ...(ask && { ask }) }, args)
}

test('memory of an isolate', async () => {
  const body =
    'const kept = []; for (let n = 0; n < args.mb; n++) kept.push(new Array(131_072).fill(n)); return kept.length'
  const limits = { memoryMb: 64, cpuMs: 5_000, loadCpuMs: 5_000, cpuMsPerSecond: 1_000, wallMs: 20_000 }
  const ask = call(body, limits)
  expect(await ask({ mb: 40 })).toBe(40)
  expect(await ask({ mb: 100 })).toBe('LAMBDA_MEMORY_EXCEEDED')
  expect(await call(body, { ...limits, memoryMb: 160 })({ mb: 100 })).toBe(100)
})

test('CPU time of a call', async () => {
  const body = 'const from = Date.now(); while (Date.now() - from < args.ms); return args.ms'
  const limits = { cpuMsPerSecond: 1_000, loadCpuMs: 0, wallMs: 20_000 }
  const ask = call(body, { ...limits, cpuMs: 300 })
  expect(await ask({ ms: 200 })).toBe(200)
  expect(await ask({ ms: 2_000 })).toBe('LAMBDA_CPU_EXCEEDED')
  expect(await call(body, { ...limits, cpuMs: 4_000 })({ ms: 2_000 })).toBe(2_000)
})

test.each(['Query.answer', 'on:data.record.created'])('time from start to answer of %s', async (lambda) => {
  const limitOf = (ms: number) => (lambda.startsWith('on:') ? { handlerWallMs: ms } : { wallMs: ms })
  const soon = () => delay(300, '{"answer":{"answer":null}}')
  const never = () => new Promise<string>(() => undefined)
  const run = async (limitMs: number, ask: Ask) => {
    const digest = `d${++digests}`
    const wait = 'async (one, ...given) => { await given.at(-1).kv.get("a"); return 1 }'
    const plugin = `${answers(wait)}, on: { 'data.record.created': ${wait} }`
    const rest = lambda.startsWith('on:') ? { argument: {} } : { parent: null, args: {} }
    const of = { client: digest, digest, plugin, limits: limitOf(limitMs), ask, repeatable: false }
    const [outcome] = await pool.run(of, [{ lambda, ...rest }])
    return outcome && 'error' in outcome ? outcome.error.code : 'answered'
  }
  expect(await run(5_000, soon)).toBe('answered')
  expect(await run(300, never)).toBe('LAMBDA_TIMEOUT')
})

test('calls that wait for CPU time', async () => {
  const ask = call('for (const from = Date.now(); Date.now() - from < 40; ); return "well"', {
    cpuMsPerSecond: 1,
    wallMs: 300,
    queuedCalls: 1,
  })
  expect(await ask({})).toBe('well')
  expect(await Promise.all([ask({}), ask({}), ask({})])).toEqual(Array(3).fill('LAMBDA_OVERLOADED'))
})

/** What the prelude puts around a value of one lambda, and the host around its arguments. */
const around = JSON.stringify([{ value: '' }]).length

test.each(['x', 'ü', '漢'])('size of a result, in characters: of %s', async (letter) => {
  const ask = call(`return '${letter}'.repeat(args.length)`, { payloadChars: 100_000 })
  const longest = 100_000 - around
  expect(await ask({ length: longest })).toBe(letter.repeat(longest))
  expect(await ask({ length: longest + 1 })).toBe('LAMBDA_RESULT_TOO_LARGE')
})

test('size of a result as the platform has it: a megabyte, in letters of three bytes', async () => {
  const ask = call(`return '漢'.repeat(args.length)`, {})
  const longest = 1_000_000 - around
  expect(await ask({ length: longest })).toBe('漢'.repeat(longest))
  expect(await ask({ length: longest + 1 })).toBe('LAMBDA_RESULT_TOO_LARGE')
})

test('size of arguments', async () => {
  const ask = call('return args.text.length', { payloadChars: 10_000 })
  const given = JSON.stringify({
    viewer: { kind: 'USER' },
    flags: [],
    calls: [{ lambda: 'Query.answer', parent: null, args: { text: '' } }],
  }).length
  const longest = 10_000 - given
  expect(await ask({ text: 'x'.repeat(longest) })).toBe(longest)
  expect(await ask({ text: 'x'.repeat(longest + 1) })).toBe('LAMBDA_RESULT_TOO_LARGE')
  // The same text again and again, as defaults are: written out, it would be longer than a text can be.
  expect(await ask({ all: Array(100_000).fill('x'.repeat(10_000)) })).toBe('LAMBDA_RESULT_TOO_LARGE')
})

test('calls to the platform', async () => {
  const ask = call(
    'let done = 0; for (let n = 0; n < args.n; n++) { await ctx.kv.get("a"); done += 1 } return done',
    { hostCalls: 5 },
    async () => '{"answer":null}',
  )
  expect(await ask({ n: 5 })).toBe(5)
  expect(await ask({ n: 6 })).toBe('LAMBDA_HOST_CALLS_EXCEEDED')
  expect(await call('return ctx.kv.get("a")', { hostCalls: 0 })({})).toBe('LAMBDA_HOST_CALLS_EXCEEDED')
})

test('log text of a call: what is beyond is not kept, and the call goes on', async () => {
  const kept = async (chars: number) => {
    logs.length = 0
    const ask = call('ctx.log("x".repeat(args.chars)); ctx.log("after"); return "well"', { logChars: 1_000 })
    expect(await ask({ chars })).toBe('well')
    return logs.map((line) => line.length)
  }
  const level = 'info: '.length
  expect(await kept(500)).toEqual([level + 500, level + 'after'.length])
  expect(await kept(1_000 - level)).toEqual([1_000])
  expect(await kept(5_000)).toEqual([1_000])
})
