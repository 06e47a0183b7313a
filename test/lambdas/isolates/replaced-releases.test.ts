import type { ClientPlugin } from '../../../lambdas/host/plugin-registry.ts'
import { letGoOfReplaced, type ReplacedReleases } from '../../../lambdas/host/replaced-releases.ts'
import { isolateOf } from '../../../lambdas/host/run-lambdas.ts'
import { eventually } from '../../support/eventually.ts'
import { answers, openPool, type PoolUnderTest } from './pool-under-test.ts'

let active = 'none'
const letGo: string[] = []
let pool: PoolUnderTest
let replaced: ReplacedReleases
beforeAll(() => {
  replaced = letGoOfReplaced({
    registry: {
      pluginOf: (): ClientPlugin => ({ ...nothing, active: { number: 1, digest: active, handlers: [] } }),
    },
    letGo(client, digest) {
      letGo.push(digest)
      pool.drop(isolateOf(client, digest))
    },
    quietMs: 50,
  })
  pool = openPool([replaced.note])
})
afterAll(async () => {
  await replaced?.close()
  await pool?.close()
})

const nothing: ClientPlugin = { active: null, grants: { scopes: [], egress: [] }, limits: {}, flags: [] }
const plugin = answers(`(() => { let n = 0; return async (_root, { waits }, ctx) => {
  const count = ++n
  if (waits) await ctx.kv.get('a')
  return count
} })()`)
/** Counts its calls as long as its isolate lives, and waits for what it is given. */
const call = (digest: string, ask?: () => Promise<string>) =>
  pool.answer(
    { digest, plugin, limits: { wallMs: 10_000 }, ...(ask && { ask }) },
    { waits: ask !== undefined },
  )

test('a release that is replaced is let go of when its calls are over, and can still be called', async () => {
  active = 'first'
  expect(await call('first')).toBe(1)
  const waits = Promise.withResolvers<string>()
  const slow = call('first', () => waits.promise)
  active = 'second'
  expect(await call('second')).toBe(1)
  await eventually('the first is let go of', () => letGo.includes('first'))
  // An operation that still holds it gets it anew; what was under way ends where it began.
  expect(await call('first')).toBe(1)
  waits.resolve('{"answer":{"answer":null}}')
  expect(await slow).toBe(2)
  expect(await call('second')).toBe(2)
  expect(letGo).not.toContain('second')
})

test('of fifty releases that followed each other, one is kept', async () => {
  letGo.length = 0
  for (let n = 0; n < 50; n++) {
    active = `release-${n}`
    expect(await call(active)).toBe(1)
  }
  await eventually(
    'all older ones are let go of',
    () => letGo.filter((one) => /^release/.test(one)).length === 49,
  )
  expect(letGo).not.toContain('release-49')
  expect(await call('release-49')).toBe(2)
})
