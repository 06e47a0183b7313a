import type { LambdaOutcome } from '../../../lambdas/host/run-lambdas.ts'
import { openPool, type PoolUnderTest } from './pool-under-test.ts'

// What one lambda of a crossing does to the others of it.

let crossings: number[] = []
let pool: PoolUnderTest
beforeAll(() => {
  pool = openPool([(_build, { calls }) => crossings.push(calls.length)])
})
beforeEach(() => {
  crossings = []
})
afterAll(() => pool?.close())

const shown = (outcome: LambdaOutcome | undefined) => {
  if (!outcome || Array.isArray(outcome)) throw new Error('one outcome for a root field')
  return 'error' in outcome ? `${outcome.error.code}: ${outcome.error.message}` : outcome.value
}
let digests = 0
/** One call of each of these lambdas, all of them together. */
async function together(lambdas: Record<string, string>, { repeatable = true, before = '' } = {}) {
  const members = Object.entries(lambdas).map(([name, lambda]) => `${name}: ${lambda}`)
  const digest = `d${++digests}`
  const plugin = `resolvers: (() => { ${before}; return { Query: { ${members.join()} } } })()`
  const calls = Object.keys(lambdas).map((name) => ({ lambda: `Query.${name}`, parent: null, args: {} }))
  const outcomes = await pool.run({ client: digest, digest, plugin, repeatable }, calls)
  return Object.fromEntries(Object.keys(lambdas).map((name, index) => [name, shown(outcomes[index])]))
}

const reject = "Promise.reject(new Error('nobody waits'))"
const beside = {
  at: '() => 1',
  later: "async (_root, _args, ctx) => { for (let n = 0; n < 3; n++) await ctx.kv.get('a'); return 2 }",
}
const others = { at: 1, later: 2 }

test.each([
  ['at once', `() => { ${reject}; return 'well' }`],
  ['in its first turn', `async () => { await null; ${reject}; await null; return 'well' }`],
  [
    'in a later turn',
    `async (_root, _args, ctx) => { await ctx.kv.get('a'); ${reject}; await ctx.kv.get('a'); return 'well' }`,
  ],
])(
  'a promise that is rejected %s, and that nobody waits for, fails its own lambda alone',
  async (_when, one) => {
    expect(await together({ one, ...beside })).toEqual({ one: 'LAMBDA_FAILED: nobody waits', ...others })
    expect(await together({ ...beside, one })).toEqual({ one: 'LAMBDA_FAILED: nobody waits', ...others })
  },
)

test('what is thrown fails its own lambda without a second crossing', async () => {
  const one = "() => { throw new Error('no') }"
  expect(await together({ one, ...beside })).toEqual({ one: 'LAMBDA_FAILED: no', ...others })
  expect(crossings).toEqual([3])
})

test('what may not be repeated is not: it fails together', async () => {
  const one = `() => { ${reject}; return 'well' }`
  const failed = 'LAMBDA_FAILED: nobody waits'
  expect(await together({ one, ...beside }, { repeatable: false })).toEqual({
    one: failed,
    at: failed,
    later: failed,
  })
  expect(crossings).toEqual([3])
})

test('a plugin that cannot be read fails all its lambdas', async () => {
  const failed = 'LAMBDA_FAILED: not today'
  expect(await together(beside, { before: "throw new Error('not today')" })).toEqual({
    at: failed,
    later: failed,
  })
})
