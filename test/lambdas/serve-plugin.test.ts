import {
  type Ask,
  answering,
  type LambdaHostUnderTest,
  memberOf,
  pluginWith,
  startLambdaHost,
} from './lambda-host-under-test.ts'

let host: LambdaHostUnderTest
const asked: { query: string; authorization: string }[] = []
let released = Promise.withResolvers<void>()
beforeAll(async () => {
  host = await startLambdaHost(async ({ query }, authorization) => {
    asked.push({ query, authorization })
    if (query.includes('wait')) await released.promise
    return query.includes('refuse')
      ? { data: { me: null }, errors: [{ message: 'Not yours.', extensions: { code: 'FORBIDDEN' } }] }
      : { data: { me: { id: 'u1' } } }
  })
})
afterAll(() => host?.close())

const code = async (ask: Ask, query = '{ answer }') => (await ask(query)).errors?.[0]?.extensions?.code
const answerOf = async (body: string) => (await host.deploy('acme', answering(body)))('{ answer }')

describe('batches', () => {
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { tier(of: 1) } } }'
  const users = (count: number) => ({
    r: Array.from({ length: count }, (_, id) => ({ __typename: 'User', id: String(id) })),
  })
  const tiers = (resolver: string) =>
    host.deploy(
      'acme',
      pluginWith({
        typeDefs: 'type User @key(fields: "id") { id: ID! tier(of: Int): String }',
        resolvers: `User: { tier: ${resolver} }`,
      }),
    )

  // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the plugin's
  const countOf = '`${user.id} of ${users.length}, ${of}`'

  test('all objects of one fetch cross into the isolate together, in order', async () => {
    const ask = await tiers(`(users, { of }) => users.map((user) => ${countOf})`)
    expect(await ask(entities, users(3))).toEqual({
      data: { _entities: [{ tier: '0 of 3, 1' }, { tier: '1 of 3, 1' }, { tier: '2 of 3, 1' }] },
    })
  })

  test('an Error in the list fails one object', async () => {
    const ask = await tiers('(users) => users.map((user) => user.id === "1" ? new Error("none") : "x")')
    expect(await ask(entities, users(3))).toEqual({
      data: { _entities: [{ tier: 'x' }, { tier: null }, { tier: 'x' }] },
      errors: [
        expect.objectContaining({
          message: 'none',
          path: ['_entities', 1, 'tier'],
          extensions: { code: 'LAMBDA_FAILED' },
        }),
      ],
    })
  })

  test.each(['() => ["x"]', '() => "x"', '() => null'])(
    'anything but one value for each object is refused: %s',
    async (resolver) => {
      const answer = await (await tiers(resolver))(entities, users(2))
      expect(answer.errors?.map((error) => error.extensions?.code)).toEqual([
        'LAMBDA_INVALID_RESULT',
        'LAMBDA_INVALID_RESULT',
      ])
    },
  )

  test('a value that does not fit its type costs its field', async () => {
    const ask = await tiers('(users) => users.map((user) => user.id === "1" ? { no: "text" } : "x")')
    const answer = await ask(entities, users(2))
    expect(answer.data).toEqual({ _entities: [{ tier: 'x' }, { tier: null }] })
    expect(answer.errors).toHaveLength(1)
  })
})

describe('ctx.graphql', () => {
  test('asks with the very token of the caller', async () => {
    asked.length = 0
    const answer = await answerOf('return (await ctx.graphql("{ me { id } }")).me.id')
    expect(answer.data).toEqual({ answer: 'u1' })
    const token = await host.gateway.token(memberOf('acme'), 'lambdas')
    expect(asked).toEqual([{ query: '{ me { id } }', authorization: `Bearer ${token}` }])
  })

  test('throws the errors of the graph, with what data there is', async () => {
    const answer = await answerOf(
      'try { await ctx.graphql("{ refuse }") } catch (e) { return JSON.stringify([e.message, e.errors[0].extensions.code, e.data]) }',
    )
    expect(answer.data).toEqual({ answer: '["Not yours.","FORBIDDEN",{"me":null}]' })
  })

  test('has no rights once its call has ended', async () => {
    const ask = await host.deploy(
      'acme',
      `let kept\n${answering('if (args.n === 1) return kept("{ me { id } }").then(() => "answered", (e) => e.message); kept = ctx.graphql')}`,
    )
    await ask('{ answer }')
    asked.length = 0
    expect(await code(ask, '{ answer(n: 1) }')).toBe('LAMBDA_TIMEOUT')
    expect(asked).toEqual([])
  })

  test('lets other calls of the plugin go on while it waits, its own among them', async () => {
    const ask = await host.deploy(
      'acme',
      answering('if (args.n === 1) return "inner"; await ctx.graphql("{ wait }"); return "outer"'),
    )
    released = Promise.withResolvers()
    const outer = ask('{ answer }')
    expect((await ask('{ answer(n: 1) }')).data).toEqual({ answer: 'inner' })
    released.resolve()
    expect((await outer).data).toEqual({ answer: 'outer' })
  })
})

describe('limits', () => {
  const kept = 'const kept = [];'
  test.each([
    ['LAMBDA_CPU_EXCEEDED', 'an endless loop', 'for (;;);'],
    [
      'LAMBDA_CPU_EXCEEDED',
      'an endless loop after an await',
      'await null; await ctx.graphql("{ me { id } }"); for (;;);',
    ],
    ['LAMBDA_CPU_EXCEEDED', 'promises without end', 'await (async () => { for (;;) await null })()'],
    [
      'LAMBDA_CPU_EXCEEDED',
      'a regular expression that explodes',
      'return String(/(a+)+$/.test("a".repeat(40) + "b"))',
    ],
    ['LAMBDA_FAILED', 'a bomb of buffers', `${kept} for (;;) kept.push(new Uint8Array(2 ** 31))`],
    [
      'LAMBDA_FAILED',
      'a buffer that grows',
      'new ArrayBuffer(8, { maxByteLength: 2 ** 28 }).resize(2 ** 28)',
    ],
    ['LAMBDA_FAILED', 'a string of 1 GB', 'return "x".repeat(2 ** 29).concat("y".repeat(2 ** 29))'],
    ['LAMBDA_FAILED', 'recursion without end', 'const f = () => f(); return f()'],
    ['LAMBDA_TIMEOUT', 'an answer that never comes', 'return new Promise(() => {})'],
    ['LAMBDA_RESULT_TOO_LARGE', 'a huge result', 'return "x".repeat(1_100_000)'],
    [
      'LAMBDA_HOST_CALLS_EXCEEDED',
      'more questions than allowed',
      'for (;;) await ctx.graphql("{ me { id } }").catch(() => null)',
    ],
    ['LAMBDA_FAILED', 'a thrown error', 'throw new Error("mine")'],
    ['LAMBDA_FAILED', 'a thrown nothing', 'throw null'],
  ])('%s: %s', async (expected, _what, body) => {
    const ask = await host.deploy('acme', answering(`if (args.n === 1) return "well"; ${body}`))
    expect(await code(ask)).toBe(expected)
    // The next call is served, by a new isolate where the old one is gone.
    expect((await ask('{ answer(n: 1) }')).data).toEqual({ answer: 'well' })
  })

  test('a memory bomb meets the limit of memory or of CPU time, whichever comes first', async () => {
    const bomb = 'const kept = []; for (;;) kept.push(new Array(3_000_000))'
    const ask = await host.deploy('acme', answering(`if (args.n === 1) return "well"; ${bomb}`))
    expect(['LAMBDA_MEMORY_EXCEEDED', 'LAMBDA_CPU_EXCEEDED']).toContain(await code(ask))
    expect((await ask('{ answer(n: 1) }')).data).toEqual({ answer: 'well' })
  })

  test('what a call leaves running is ended, and the next call is served', async () => {
    const ask = await host.deploy(
      'acme',
      answering('if (args.n === 1) return "well"; (async () => { for (;;) await null })(); return "left"'),
    )
    await ask('{ answer }')
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('{ answer(n: 1) }')))
    expect(answers.at(-1)?.data).toEqual({ answer: 'well' })
  })

  test('a flood of log lines is cut, and does no harm', async () => {
    const answer = await answerOf('for (let i = 0; i < 500; i++) ctx.log("x".repeat(1000)); return "well"')
    expect(answer.data).toEqual({ answer: 'well' })
  })
})

describe('nothing of the host is in reach', () => {
  test.each([
    '[typeof process, typeof fetch, typeof setTimeout, typeof Buffer, typeof WebAssembly, typeof Atomics].join()',
    'ctx.graphql.constructor.constructor("return typeof process")()',
    'ctx.constructor.constructor("return typeof process")()',
    'ctx.log.constructor("return typeof process")()',
    'args.constructor.constructor("return typeof process")()',
    'Object.getOwnPropertyNames(globalThis).filter((name) => /ivm|isolate|__(ask|log|invoke)/i.test(name)).join() + "undefined"',
    '(() => { try { null.f() } catch (e) { return e.constructor.constructor("return typeof process")() } })()',
    'await ctx.graphql("{ me { id } }").then((d) => d.constructor.constructor("return typeof process")())',
    'await ctx.graphql({ toString() { throw new Error("x") } }).catch((e) => e.constructor.constructor("return typeof process")())',
    'await import(["node", "fs"].join(":")).then(() => "reached", () => "undefined")',
    'typeof SharedArrayBuffer === "undefined" ? "undefined" : (new SharedArrayBuffer(8), "undefined")',
  ])('%s', async (expression) => {
    const answer = await answerOf(`return String(${expression})`)
    expect(answer.errors).toBeUndefined()
    expect(String(answer.data?.answer)).toMatch(/undefined$/)
  })

  test("the language's own built-ins may be replaced: only the plugin itself is fooled", async () => {
    const ask = await host.deploy(
      'acme',
      `JSON.parse = () => { throw new Error('caught') }; JSON.stringify = () => '{"value":"forged"}'; Array.isArray = () => true
       Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('caught') } })
       ${answering('return "real"')}`,
    )
    expect((await ask('{ answer }')).data).toEqual({ answer: 'real' })
  })

  test('what is put on Object.prototype turns no answer of the graph into a handle on the host', async () => {
    const answer = await answerOf(`
      const seen = []
      for (const name of ['arguments', 'reference', 'externalCopy', 'timeout'])
        Object.defineProperty(Object.prototype, name, { configurable: true, get() { seen.push(name) } })
      await ctx.graphql('{ me { id } }')
      return seen.join()`)
    expect(answer.errors).toBeUndefined()
    expect(answer.data).toEqual({ answer: '' })
  })

  test('a result cannot be anything but JSON', async () => {
    expect((await answerOf('const a = {}; a.a = a; return a')).errors?.[0]?.extensions?.code).toBe(
      'LAMBDA_FAILED',
    )
    expect(
      (await answerOf('return new Proxy({}, { get() { throw new Error("trap") } })')).errors,
    ).toHaveLength(1)
  })
})

describe('who may call', () => {
  test('the gateway alone, for a viewer of that client', async () => {
    const built = await host.build('acme', { 'plugin.ts': answering('return "1"') })
    if (!built.ok) throw new Error('not built')
    const call = async (client: string, token: string | undefined) => {
      const response = await fetch(`${host.url}/clients/${client}/builds/${built.digest}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify({ query: '{ answer }' }),
      })
      return JSON.stringify(await response.json())
    }
    const token = (client: string, audience = 'lambdas') => host.gateway.token(memberOf(client), audience)
    expect(await call('acme', await token('acme'))).toBe('{"data":{"answer":"1"}}')
    expect(await call('acme', undefined)).toContain('UNAUTHENTICATED')
    expect(await call('acme', await token('acme', 'users'))).toContain('UNAUTHENTICATED')
    expect(await call('acme', await token('globex'))).toContain('NOT_FOUND')
    expect(await call('globex', await token('globex'))).toContain('NOT_FOUND')
  })
})
