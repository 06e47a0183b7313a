import { type GraphQLError, parse } from 'graphql'
import { executeOperation } from '../../../gateway/execution/execute-operation.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import type {
  Subgraph,
  SubgraphRequest,
  SubgraphResponse,
} from '../../../gateway/transports/subgraph-fetch.ts'
import { compose } from '../../federation/compose.ts'

const planner = createPlanner(
  compose({
    a: {
      sdl: `scalar JSON type Query { t: T ts: [T!] json(value: JSON, on: On): JSON } input On { is: Boolean! = true }
      type T @key(fields: "id") { id: ID! a: Int sure: Int! }`,
    },
    b: { sdl: 'type T @key(fields: "id") { id: ID! b(n: Int): Int c: Int }' },
  }),
)
type Respond = (request: SubgraphRequest, signal: AbortSignal) => SubgraphResponse | Promise<SubgraphResponse>

/** What misbehaving subgraphs do to an answer: they are functions here, as the executor sees them. */
async function run(
  query: string,
  {
    a,
    b,
    variables = {},
    signal = new AbortController().signal,
  }: {
    a: Respond
    b?: Respond
    variables?: Record<string, unknown>
    signal?: AbortSignal
  },
) {
  const operation = await planner.plan(parse(query), undefined)
  const subgraph = (respond: Respond): Subgraph => ({
    fetch: async (request, given) => respond(request, given),
    subscribe() {
      throw new Error('Nobody subscribes here.')
    },
  })
  const subgraphs = new Map([['a', subgraph(a)]])
  if (b) subgraphs.set('b', subgraph(b))
  const caller = { viewer: null, depth: 0, traceparent: undefined }
  const answer = await executeOperation(operation, {
    schema: planner.schema,
    subgraphs,
    caller,
    variables,
    signal,
  })
  return JSON.parse(JSON.stringify(answer))
}

const t = (id: string) => ({ __typename: 'T', id, a: 1 })
const one: Respond = () => ({ data: { t: t('1') } })
const three: Respond = () => ({ data: { ts: [t('1'), t('2'), t('1')] } })
const lost = { code: 'SUBGRAPH_INVALID_RESPONSE' }

describe('subgraphs that misbehave', () => {
  test('an entity list that is too short, too long, or none', async () => {
    for (const entities of [[{ b: 1 }], [null, null, null], null, 'x', undefined]) {
      const answer = await run('{ ts { b } }', { a: three, b: () => ({ data: { _entities: entities } }) })
      expect(answer.data).toEqual({ ts: [{ b: null }, { b: null }, { b: null }] })
      expect(answer.errors).toHaveLength(3)
      expect(answer.errors[2]).toMatchObject({ path: ['ts', 2, 'b'], extensions: lost })
    }
  })

  test('null without a reason', async () => {
    const answer = await run('{ t { a } }', { a: () => ({ data: null }) })
    expect(answer).toMatchObject({ data: { t: null }, errors: [{ path: ['t'], extensions: lost }] })
  })

  test('values of the wrong shape', async () => {
    for (const value of ['text', 5, true, [t('1')]]) {
      const answer = await run('{ t { a } }', { a: () => ({ data: { t: value } }) })
      expect(answer.data.t?.a ?? null).toBe(null)
      expect(answer.errors[0].extensions).toEqual(lost)
    }
    const scalar = await run('{ t { a } ts { a } }', {
      a: () => ({ data: { t: { a: { secret: 1 } }, ts: {} } }),
    })
    expect(scalar.data).toEqual({ t: { a: null }, ts: null })
    expect(JSON.stringify(scalar.errors)).not.toContain('secret')
  })

  test('errors whose path leads nowhere are not lost', async () => {
    const errors = [
      { message: 'no path' },
      { message: 'too far', path: ['t', 'a', 'x', 'y'] },
      { message: 'strange', path: ['t', 7, 'b'] },
      { message: 'unknown', path: ['zzz', 1] },
    ]
    const answer = await run('{ t { a } }', { a: () => ({ data: { t: t('1') }, errors }) })
    expect(answer.data).toEqual({ t: { a: 1 } })
    expect(answer.errors.map(({ message }: GraphQLError) => message)).toEqual(
      expect.arrayContaining(['no path', 'too far', 'strange']),
    )
  })

  test('an error of all entities together is the error of every field', async () => {
    const b: Respond = () => ({
      data: null,
      errors: [{ message: 'away', path: ['_entities'], extensions: { code: 'AWAY' } }],
    })
    const answer = await run('{ ts { b c } }', { a: three, b })
    expect(answer.errors).toHaveLength(6)
    expect(answer.errors[5]).toMatchObject({
      path: ['ts', 2, 'c'],
      message: 'away',
      extensions: { code: 'AWAY' },
    })
  })

  test('an exception that is nobody’s says nothing', async () => {
    const answer = await run('{ t { b } }', {
      a: one,
      b() {
        throw new Error('connect ECONNREFUSED 10.0.0.7:5432')
      },
    })
    expect(answer.errors).toEqual([
      {
        message: 'The module "b" cannot be reached.',
        path: ['t', 'b'],
        locations: [{ line: 1, column: 7 }],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE' },
      },
    ])
  })

  test('what a subgraph says of the question it was asked is not for the client', async () => {
    for (const code of ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']) {
      const message = 'Cannot query field "b" on type "T". Did you mean "secret"?'
      const answer = await run('{ t { b } }', {
        a: one,
        b: () => ({ errors: [{ message, extensions: { code } }] }),
      })
      expect(answer).toMatchObject({ data: { t: { b: null } }, errors: [{ extensions: lost }] })
      expect(JSON.stringify(answer)).not.toContain('secret')
    }
  })

  test('a module that is not there at all', async () => {
    const answer = await run('{ t { a b } }', { a: one })
    expect(answer).toMatchObject({
      data: { t: { a: 1, b: null } },
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
    })
  })

  test('errors without end', async () => {
    const errors = Array.from({ length: 5_000 }, (_, index) => ({
      message: `no ${index}`,
      path: ['ts', index, 'a'],
    }))
    const ts = errors.map((_, index) => ({ ...t(String(index)), a: null }))
    const answer = await run('{ ts { a } }', { a: () => ({ data: { ts }, errors }) })
    expect(answer.data.ts).toHaveLength(5_000)
    expect(answer.errors).toHaveLength(1_000)
    const many = await run('{ ts { b } }', { a: () => ({ data: { ts } }) })
    expect(many.errors).toHaveLength(1_000)
  })

  test('keys that would reach a prototype', async () => {
    const hostile = JSON.parse('{"t":{"__typename":"T","id":"1","__proto__":{"polluted":1},"a":1}}')
    const answer = await run('{ t { a b } }', {
      a: () => ({ data: hostile }),
      b: () => ({ data: JSON.parse('{"_entities":[{"b":1,"__proto__":{"polluted":1}}]}') }),
    })
    expect(answer).toEqual({ data: { t: { a: 1, b: 1 } } })
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('what is sent', () => {
  test('each entity once, and only the variables a fetch names', async () => {
    const sent: SubgraphRequest[] = []
    const b: Respond = (request) => {
      sent.push(request)
      return { data: { _entities: [{ b: 1 }, { b: 2 }] } }
    }
    const answer = await run('query ($n: Int = 4, $x: JSON) { ts { b(n: $n) } json(value: $x) }', {
      a: () => ({ data: { ts: [t('1'), t('2'), t('1')], json: null } }),
      b,
    })
    expect(answer.data.ts).toEqual([{ b: 1 }, { b: 2 }, { b: 1 }])
    const representations = [
      { __typename: 'T', id: '1' },
      { __typename: 'T', id: '2' },
    ]
    expect(JSON.parse(JSON.stringify(sent.map(({ variables }) => variables)))).toEqual([
      { n__client: 4, representations },
    ])
  })

  test('entities without a key are skipped, and nothing is asked when none has one', async () => {
    let calls = 0
    const b: Respond = () => {
      calls++
      return { data: { _entities: [{ b: 2 }] } }
    }
    const some: Respond = () => ({ data: { ts: [{ __typename: 'T' }, t('2')] } })
    expect((await run('{ ts { b } }', { a: some, b })).data).toEqual({ ts: [{ b: null }, { b: 2 }] })
    const none: Respond = () => ({ data: { ts: [{ __typename: 'T' }, { id: '3' }] } })
    expect((await run('{ ts { b } }', { a: none, b })).data).toEqual({ ts: [{ b: null }, { b: null }] })
    expect(calls).toBe(1)
  })

  test('variables that do not fit reach nobody', async () => {
    const a = () => {
      throw new Error('was called')
    }
    const query = 'query ($on: On!, $n: Int!) { json(on: $on) t { b(n: $n) } }'
    const answer = await run(query, { a, variables: { on: { is: 'yes' }, n: 1.5 } })
    expect(answer.data).toBeUndefined()
    expect(answer.errors.map((error: GraphQLError) => error.extensions.code)).toEqual([
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
    ])
  })

  test('custom scalars pass as they are', async () => {
    const value = { deep: [1, { null: null }], text: 'x' }
    const query = 'query ($v: JSON, $on: On = {}) { json(value: $v, on: $on) }'
    let received: unknown
    const a: Respond = ({ variables }) => {
      received = variables
      return { data: { json: value } }
    }
    expect((await run(query, { a, variables: { v: value } })).data).toEqual({ json: value })
    expect(JSON.parse(JSON.stringify(received))).toEqual({ value__root1: value, on__root2: { is: true } })
  })
})

test('an abort ends the calls under way and rejects', async () => {
  const abort = new AbortController()
  let ended = false
  const a: Respond = (_request, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        ended = true
        reject(signal.reason)
      })
      abort.abort(new Error('hung up'))
    })
  await expect(run('{ t { a b } }', { a, signal: abort.signal })).rejects.toThrow('hung up')
  expect(ended).toBe(true)
})

test('a plan without a fetch for an operation that needs one', async () => {
  const operation = {
    ...(await planner.plan(parse('{ __typename t { a } }'), undefined)),
    plan: {},
  }
  const { signal } = new AbortController()
  const caller = { viewer: null, depth: 0, traceparent: undefined }
  const answer = await executeOperation(operation, {
    schema: planner.schema,
    subgraphs: new Map(),
    caller,
    variables: {},
    signal,
  })
  expect(JSON.parse(JSON.stringify(answer))).toMatchObject({
    data: null,
    errors: [{ extensions: { code: 'PLAN_EMPTY' } }],
  })
})
