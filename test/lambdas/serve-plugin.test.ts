import { createInProcessCalls } from '../../foundation/in-process-calls.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import {
  type Ask,
  answering,
  deployerOf,
  type LambdaHostUnderTest,
  memberOf,
  pluginWith,
  startLambdaHost,
} from './lambda-host-under-test.ts'

let host: LambdaHostUnderTest
const inProcess = createInProcessCalls()
const asked: { query: string; authorization: string }[] = []
let released = Promise.withResolvers<void>()
beforeAll(async () => {
  host = await startLambdaHost(
    async ({ query }, authorization) => {
      asked.push({ query, authorization })
      if (query.includes('wait')) await released.promise
      return query.includes('refuse')
        ? { data: { me: null }, errors: [{ message: 'Not yours.', extensions: { code: 'FORBIDDEN' } }] }
        : { data: { me: { id: 'u1' } } }
    },
    { inProcess },
  )
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
  test('what a call leaves running is ended, and the next call is served', async () => {
    const ask = await host.deploy(
      'acme',
      answering('if (args.n === 1) return "well"; (async () => { for (;;) await null })(); return "left"'),
    )
    await ask('{ answer }')
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('{ answer(n: 1) }')))
    expect(answers.at(-1)?.data).toEqual({ answer: 'well' })
  })

  test('a limit that one lambda of a fetch meets costs the other fields nothing', async () => {
    const ask = await host.deploy(
      'acme',
      pluginWith({
        typeDefs:
          'type Query { bomb: String well: String shouts: String } type User @key(fields: "id") { id: ID! tier: String bomb: String }',
        resolvers: `Query: { bomb: () => { for (;;); }, well: () => "well", shouts: () => "x".repeat(1_100_000) },
          User: { tier: (users) => users.map(() => "gold"), bomb: () => { for (;;); } }`,
      }),
    )
    const answer = await ask('{ bomb well shouts }')
    expect(answer.data).toEqual({ bomb: null, well: 'well', shouts: null })
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions?.code])).toEqual([
      [['bomb'], 'LAMBDA_CPU_EXCEEDED'],
      [['shouts'], 'LAMBDA_RESULT_TOO_LARGE'],
    ])
    const users = await ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { tier bomb } } }',
      {
        r: [{ __typename: 'User', id: '1' }],
      },
    )
    expect(users.data).toEqual({ _entities: [{ tier: 'gold', bomb: null }] })
  })

  test('what is given to a lambda has a limit, too', async () => {
    const ask = await host.deploy(
      'acme',
      pluginWith({
        typeDefs: 'type Query { long(text: String): Int }',
        resolvers: 'Query: { long: (_root, { text }) => text.length }',
      }),
    )
    expect(
      (await ask('query ($text: String) { long(text: $text) }', { text: 'x'.repeat(900_000) })).data,
    ).toEqual({ long: 900_000 })
    expect(await code(ask, `{ long(text: "${'x'.repeat(1_100_000)}") }`)).toBe('LAMBDA_RESULT_TOO_LARGE')
  })
})

describe('rules', () => {
  const ruled = (rule: string) =>
    host.rules(
      'acme',
      pluginWith({
        typeDefs: 'type A { a: Int }',
        resolvers: '',
        rest: `rules: { 'Mutation.createRecord': ${rule} },`,
      }),
    )
  const call = { coordinate: 'Mutation.createRecord', args: { data: { total: 5 } } }

  test('are given the call and who makes it, and return its arguments', async () => {
    const ask = await ruled(
      '(call, ctx) => ({ data: { ...call.args.data, by: call.viewer.userId, field: [call.type, call.field].join(".") } })',
    )
    expect(await ask([call])).toEqual({
      outcomes: [{ args: { data: { total: 5, by: 'u1', field: 'Mutation.createRecord' } } }],
    })
  })

  test('reject with a code of their author', async () => {
    const ask = await ruled(
      '(call, ctx) => call.args.data.total > 3 ? ctx.reject("TOO_LARGE", "No.") : call.args',
    )
    const small = { ...call, args: { data: { total: 1 } } }
    expect(await ask([call, small])).toEqual({
      outcomes: [{ reject: { code: 'TOO_LARGE', message: 'No.' } }, { args: small.args }],
    })
  })

  test.each([
    ['LAMBDA_FAILED', '() => { throw new Error("mine") }'],
    ['LAMBDA_FAILED', '() => 7'],
    ['LAMBDA_CPU_EXCEEDED', '() => { for (;;); }'],
    ['LAMBDA_INVALID_RESULT', '(call, ctx) => ctx.reject("not a code", "No.")'],
  ])('that fail say so with %s: %s', async (code, rule) => {
    expect(await (await ruled(rule))([call])).toEqual({
      outcomes: [{ error: { code, message: expect.any(String) } }],
    })
  })

  test('that are not there fail as well', async () => {
    const ask = await ruled('(call) => call.args')
    expect(await ask([{ coordinate: 'Mutation.signIn', args: {} }])).toMatchObject({
      outcomes: [{ error: { code: 'LAMBDA_FAILED' } }],
    })
    expect(await ask([{ coordinate: '__proto__.constructor', args: {} }])).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })
})

test('the host counts how each lambda does, for operators and deployers of the client', async () => {
  const ask = await host.deploy(
    'acme',
    `${answering('if (args.n === 1) throw new Error("no"); return "counted"')} // counted`,
  )
  await ask('{ answer }')
  await ask('{ answer(n: 1) }')
  const read = async (viewer: Viewer) => {
    const built = await host.build('acme', {
      'plugin.ts': `${answering('if (args.n === 1) throw new Error("no"); return "counted"')} // counted`,
    })
    if (!built.ok) throw new Error('not built')
    const token = await host.gateway.token(viewer, 'lambdas')
    const response = await fetch(`${host.url}/clients/acme/builds/${built.digest}/stats`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return response.json()
  }
  const stats = [
    {
      name: 'Query.answer',
      invocations: 2,
      errors: 1,
      buckets: expect.any(Array),
      memoryMb: expect.any(Number),
    },
  ]
  expect(await read({ kind: 'OPERATOR', keyId: 'k' })).toEqual({ stats })
  expect(await read(deployerOf('acme'))).toEqual({ stats })
  expect(JSON.stringify(await read(deployerOf('globex')))).toContain('NOT_FOUND')
  expect(JSON.stringify(await read(memberOf('acme')))).toContain('NOT_FOUND')
})

describe('who may call, over HTTP and in one process', () => {
  type Sent = { path: string; token?: string; body: string }
  type Answered = { status: number; text: string }
  let path: string
  beforeAll(async () => {
    const built = await host.build('acme', { 'plugin.ts': answering('return "1"') })
    if (!built.ok) throw new Error('not built')
    path = `/clients/acme/builds/${built.digest}/graphql`
  })
  const tokenOf = (client: string, audience = 'lambdas') => host.gateway.token(memberOf(client), audience)
  const query = JSON.stringify({ query: '{ answer }' })

  /** Both ways, which have to answer alike. */
  async function send({ path, token, body }: Sent): Promise<Answered> {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(host.url + path, { method: 'POST', headers, body })
    const overHttp = { status: response.status, text: await response.text() }
    const answer = await inProcess.call(host.url, { path, headers, body })
    expect({ status: answer?.status, text: answer?.text }).toEqual(overHttp)
    return overHttp
  }

  test('the gateway alone, for a viewer of that client', async () => {
    const call = async (client: string, token?: string) =>
      (await send({ path: path.replace('acme', client), body: query, ...(token && { token }) })).text
    expect(await call('acme', await tokenOf('acme'))).toBe('{"data":{"answer":"1"}}')
    expect(await call('acme')).toContain('UNAUTHENTICATED')
    expect(await call('acme', 'no token')).toContain('UNAUTHENTICATED')
    expect(await call('acme', await tokenOf('acme', 'users'))).toContain('UNAUTHENTICATED')
    expect(await call('acme', await tokenOf('globex'))).toContain('NOT_FOUND')
    expect(await call('globex', await tokenOf('globex'))).toContain('NOT_FOUND')
  })

  test.each([
    ['nothing', ''],
    ['what is no JSON', '{"query":'],
    ['another shape', '{"query":1}'],
    ['a prototype', '{"query":"{ answer }","variables":{"__proto__":{"a":1}}}'],
    ['more than 4 MiB', JSON.stringify({ query: `{ answer } # ${'é'.repeat(2 * 1024 * 1024)}` })],
  ])('%s is refused alike', async (_what, body) => {
    const { status, text } = await send({ path, token: await tokenOf('acme'), body })
    expect(status).toBe(400)
    expect(text).toContain('BAD_USER_INPUT')
  })

  test('its rules are asked both ways; all else of the host over HTTP alone', async () => {
    const token = await tokenOf('acme')
    const body = JSON.stringify({ calls: [{ coordinate: 'no coordinate', args: {} }] })
    expect((await send({ path: path.replace('graphql', 'rules'), token, body })).status).toBe(400)
    const headers = { authorization: `Bearer ${token}` }
    for (const other of [
      '/clients/acme/builds',
      '/clients/acme/desk',
      `${path}/x`,
      `${path}?x=1`,
      '/graphql',
    ])
      expect(inProcess.call(host.url, { path: other, headers, body: '{}' })).toBeNull()
  })

  test('a host that has closed is at nobody’s address', async () => {
    const inProcess = createInProcessCalls()
    const other = await startLambdaHost(undefined, { inProcess })
    const ask = () => inProcess.call(other.url, { path, headers: {}, body: query })
    expect((await ask())?.status).toBe(401)
    await other.close()
    expect(ask()).toBeNull()
  })
})
