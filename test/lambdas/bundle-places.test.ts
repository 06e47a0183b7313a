import { placeIn, scriptOf } from '../../lambdas/host/bundle-places.ts'
import { bundlePlugin } from '../../lambdas/host/bundle-plugin.ts'
import { type LocalIsolates, openLocalIsolates } from '../../lambdas/local/local-isolates.ts'
import { powersIn } from '../../lambdas/local/local-world.ts'
import { createMemoryStore } from '../../lambdas/local/memory-store.ts'
import { openLocalPlugin } from '../../lambdas/local/open-local-plugin.ts'

let isolates: LocalIsolates
beforeAll(() => {
  isolates = openLocalIsolates()
})
afterAll(() => isolates.close())

const order = `interface Order { total: number }

export function check({ total }: Order): number {
  if (total > 10) throw new Error('too much')
  return total
}

/** Waits before it fails. */
export async function later(ctx: { kv: { get(key: string): Promise<unknown> } }) {
  await ctx.kv.get('a')
  throw new TypeError('much later')
}

export const forged = (stack: unknown) => Object.assign(new Error('forged'), { stack })
`
const plugin = `import { definePlugin, gql } from '@trellis/sdk/plugin'
import { check, forged, later } from './lib/order'

export default definePlugin({
  typeDefs: gql\`type Query { near: Int far: Int later: Int batch: Int odd: Int text: Int deep: Int }\`,
  resolvers: {
    Query: {
      near: () => {
        throw new Error('here')
      },
      far: () => check({ total: 11 }),
      later: (_root, _args, ctx) => later(ctx),
      batch: () => new Error('answered'),
      odd: () => {
        throw forged({ toString: () => 'at plugin.js:1:1' })
      },
      text: () => {
        throw forged('plugin.js:99999999999:1 plugin.js:9999999:1 plugin.js:0:0')
      },
      deep: () => {
        Error.prepareStackTrace = () => 'plugin.js:'.repeat(100_000)
        throw new Error('deep')
      },
    },
  },
})
`
const files = [
  { path: 'plugin.ts', content: plugin },
  { path: 'lib/order.ts', content: order },
]
const powers = powersIn({
  graph: async () => ({}),
  kv: createMemoryStore(Date.now),
  secrets: {},
  emit: () => undefined,
  fetch: () => Promise.reject(new Error('There is no net.')),
  needs: { scopes: [], egress: [] },
})

test.each([
  ['near', 'here', { file: 'plugin.ts', line: 9 }],
  ['far', 'too much', { file: 'lib/order.ts', line: 4 }],
  ['later', 'much later', { file: 'lib/order.ts', line: 11 }],
  ['batch', 'answered', { file: 'plugin.ts', line: 13 }],
  ['odd', 'forged', null],
  ['text', 'forged', null],
  ['deep', 'deep', null],
])('what a lambda throws is told with the place in its author’s files: %s', async (name, message, place) => {
  for (const now of [undefined, Date.parse('2026-01-31')]) {
    const opened = await openLocalPlugin(files, isolates)
    if (!opened.ok) throw new Error(JSON.stringify(opened.errors))
    const facts = { viewer: { kind: 'USER' as const, userId: 'u1', roles: [] }, flags: [] }
    const { outcome } = await opened.plugin.run({
      ...{ lambda: `Query.${name}`, argument: { parent: null, args: {} } },
      ...{ facts, powers, now },
    })
    expect(outcome).toEqual({ ok: false, code: 'LAMBDA_FAILED', message, place })
  }
})

test('the map stays on this side, and what was built without one has no places', async () => {
  const bundle = await bundlePlugin(files)
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.errors))
  const script = scriptOf(bundle.code)
  expect(bundle.code).toContain('sourceMappingURL')
  expect(script).not.toContain('sourceMappingURL')
  expect(script.length).toBeLessThan(bundle.code.length)
  const line = script.split('\n').findIndex((one) => one.includes('"too much"')) + 1
  expect(placeIn(bundle.code, `Error: too much\n    at check (plugin.js:${line}:20)`)).toEqual({
    file: 'lib/order.ts',
    line: 4,
  })
  expect(scriptOf(script)).toBe(script)
  expect(placeIn(script, `at plugin.js:${line}:20`)).toBeNull()
})
