import {
  answering,
  type LambdaHostUnderTest,
  pluginWith,
  startLambdaHost,
} from '../lambda-host-under-test.ts'
import { constructorChains } from './constructor-chains.ts'
import type { EscapeCase } from './escape-case.ts'
import { floods } from './floods.ts'
import { hostObjects } from './host-objects.ts'
import { loops } from './loops.ts'
import { memory } from './memory.ts'
import { replacedBuiltins } from './replaced-builtins.ts'
import { processKillers, uninterruptible } from './uninterruptible.ts'

// Other ways out are tried where what closes them is tested: files of the host through the bundler in
// build-plugin.test.ts, addresses in egress/, SDL in hostile-sdl/, what one client does to another in neighbours.test.ts.

let host: LambdaHostUnderTest
beforeAll(async () => {
  host = await startLambdaHost(async () => ({ data: { me: { id: 'u1' } } }))
})
afterAll(() => host?.close())

/** Each case is a client of its own: who has broken limits is treated as such for a while. */
let clients = 0

describe.each<[string, EscapeCase[]]>([
  ['constructor chains', constructorChains],
  ['objects of the host', hostObjects],
  ['replaced built-ins', replacedBuiltins],
  ['loops', loops],
  ['memory', memory],
  ['floods', floods],
  ['what cannot be interrupted', uninterruptible],
  ['what ends the process', processKillers],
])('%s', (_family, cases) => {
  test.each(cases.map((one) => [one.tries, one] as const))('%s', async (_tries, one) => {
    const ask = await host.deploy(
      `client-${++clients}`,
      answering(`if (args.n === 1) return "well"; ${one.body}`),
    )
    const { data, errors } = await ask('{ answer }')
    if ('answers' in one) {
      expect(errors).toBeUndefined()
      expect(data).toEqual({ answer: one.answers })
    } else expect(one.endsWith).toContain(errors?.[0]?.extensions?.code)
    // The next call is served, in a new isolate or a new process where the old one is gone.
    expect(await ask('{ answer(n: 1) }')).toEqual({ data: { answer: 'well' } })
  })
})

test('answers that are nested further than the host can write are their own failure, and the host goes on', async () => {
  const levels = 400_000
  const nested = `'['.repeat(${levels}) + ']'.repeat(${levels})`
  const forge = (outcome: string) =>
    `{ const { map } = Array.prototype; Array.prototype.map = function (...given) {
      Array.prototype.map = map
      return this.map(...given).with(0, ${outcome})
    } }`
  const ask = await host.deploy(
    'nested',
    pluginWith({
      typeDefs:
        'scalar JSON type Query { value: JSON error: JSON invalid: JSON odd: JSON deep: JSON well: JSON }',
      resolvers: `Query: {
        value: () => ${forge(`'{"value":' + ${nested} + '}'`)},
        error: () => ${forge(`'{"error":' + ${nested} + '}'`)},
        invalid: () => ${forge(`'{"invalid":' + ${nested} + '}'`)},
        odd: () => ${forge(`'{"error":{"toString":1}}'`)},
        well: () => 'well',
        deep: () => { let deep = []; for (let n = 0; n < 3_000; n++) deep = [deep]; return deep },
      }`,
    }),
  )
  const deep = await ask('{ deep well }')
  expect(deep.errors).toBeUndefined()
  expect(JSON.stringify(deep.data?.deep)).toBe('['.repeat(3_001) + ']'.repeat(3_001))
  for (const [forges, code] of [
    ['value', 'LAMBDA_INVALID_RESULT'],
    ['error', 'LAMBDA_FAILED'],
    ['invalid', 'LAMBDA_INVALID_RESULT'],
    ['odd', 'LAMBDA_FAILED'],
  ]) {
    // The first takes the place of what the others' crossings begin with.
    await ask(`{ ${forges} }`)
    const { data, errors } = await ask(`{ ${forges} well }`)
    expect(errors?.map(({ path, extensions }) => [path, extensions?.code])).toEqual([[[forges], code]])
    expect(data).toEqual({ [String(forges)]: null, well: 'well' })
  }
  const other = await host.deploy('beside', answering('return "well"'))
  expect(await other('{ answer }')).toEqual({ data: { answer: 'well' } })
})
