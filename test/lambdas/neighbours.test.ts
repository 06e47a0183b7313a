import { answering, type LambdaHostUnderTest, startLambdaHost } from './lambda-host-under-test.ts'

// What acme's code does to itself, globex does not notice. Errors are hard; time on a machine that does other things as
// well is printed, and bounded only where it would say that calls waited for the bombs and not for the processor.

let host: LambdaHostUnderTest
beforeAll(async () => {
  host = await startLambdaHost()
})
afterAll(() => host?.close())

const bombs = [
  'for (;;);',
  'const kept = []; for (;;) kept.push(new Array(3_000_000))',
  'await (async () => { for (;;) await null })()',
  'for (;;) console.log("flood")',
  'for (;;) ctx.graphql("{ me }").catch(() => 0)',
  'const f = () => f(); return f()',
  'const x = (1n << 30000000n) - 1n; return String(x * x)',
  'return "x".repeat(2 ** 28).split("").length',
]
const callers = 2
const longestMs = 1_000

test('while acme bombs, every call of globex is answered, and in time', async () => {
  const acme = await Promise.all(bombs.map((bomb) => host.deploy('acme', answering(bomb))))
  const globex = await host.deploy('globex', answering('return String(args.n)'))
  let n = 0
  /** Calls one after another until `isOver`: how long each took. */
  const load = async (isOver: () => boolean) => {
    const times: number[] = []
    const call = async () => {
      while (!isOver()) {
        const expected = String(++n)
        const startedAt = performance.now()
        expect(await globex(`{ answer(n: ${expected}) }`)).toEqual({ data: { answer: expected } })
        times.push(performance.now() - startedAt)
      }
    }
    await Promise.all(Array.from({ length: callers }, call))
    return times
  }
  await load(() => n >= 200)
  const quiet = await load(() => n >= 800)

  let hasBombed = false
  const bombing = Promise.all(
    acme.map(async (ask) => {
      for (let round = 0; round < 2; round++) expect((await ask('{ answer }')).errors).toHaveLength(1)
    }),
  ).finally(() => {
    hasBombed = true
  })
  const beside = await load(() => hasBombed)
  await bombing
  console.log(
    `globex: p99 ${p99(quiet)} ms quiet, ${p99(beside)} ms beside the bombs, ${beside.length} calls`,
  )
  expect(beside.length).toBeGreaterThan(100)
  expect(p99(beside)).toBeLessThan(longestMs)
})

function p99(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN) * 10) / 10
}
