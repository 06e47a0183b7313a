import { parse } from 'graphql'
import { createExecutor } from '../../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../../gateway/planning/create-planner.ts'
import { compose } from '../../../federation/compose.ts'
import { ask, askBoth, errorsOf, type Respond, type Responders } from './both-executors.ts'

const planner = createPlanner(
  compose({
    a: {
      sdl: `type Query { t: T ts: [T!] } type Mutation { make(n: Int): T }
        type T @key(fields: "id") { id: ID! a: Int }`,
    },
    b: {
      sdl: 'type Mutation { mark: Int } type T @key(fields: "id") { id: ID! b: Int! c: Int w: W } type W @key(fields: "k") { k: ID! }',
    },
    c: { sdl: 'type W @key(fields: "k") { k: ID! z: Int! }' },
  }),
)

const json =
  (value: unknown): Respond =>
  (request) =>
    request.wantsText ? { text: JSON.stringify(value) } : JSON.parse(JSON.stringify(value))
const counting = (responders: Responders) => {
  const calls: string[] = []
  const counted = Object.entries(responders).map(([name, respond]): [string, Respond] => [
    name,
    (request, signal) => {
      calls.push(name)
      return respond(request, signal)
    },
  ])
  return { calls, responders: Object.fromEntries(counted) }
}

const a = json({ data: { t: { __typename: 'T', id: '1', a: 1 } } })
const b = json({ data: { _entities: [{ b: 2, c: 3, w: { __typename: 'W', k: 'w' } }] } })
const query = '{ t { a b c w { z } } }'

describe('the reference takes over', () => {
  const failures: Record<string, Respond> = {
    'an error': json({
      data: { _entities: [{ z: null }] },
      errors: [{ message: 'no', path: ['_entities', 0, 'z'] }],
    }),
    'a null where none may be': json({ data: { _entities: [{ z: null }] } }),
    'too few entities': json({ data: { _entities: [] } }),
    'something that is not JSON': (request) => (request.wantsText ? { text: 'oops' } : { data: null }),
    'a subgraph that is gone': () => {
      throw new Error('connect ECONNREFUSED')
    },
  }
  test.each(Object.keys(failures))('at the last call: %s; no call is made twice', async (failure) => {
    const { calls, responders } = counting({ a, b, c: failures[failure] ?? a })
    const answer = JSON.parse(await ask(planner, responders, { query }))
    expect(calls).toEqual(['a', 'b', 'c'])
    expect(answer.data).toEqual({ t: { a: 1, b: 2, c: 3, w: null } })
    expect(answer.errors).toHaveLength(1)
    expect(answer.errors[0].path).toEqual(['t', 'w', 'z'])
  })

  test('a mutation that failed, or whose answer is unusual, is not sent again', async () => {
    const mutation = 'mutation ($n: Int) { make(n: $n) { a b } mark }'
    const made = { __typename: 'T', id: '1', a: 'one' }
    const odd: Respond[] = [
      json({ data: { make: made } }),
      json({ data: { make: null }, errors: [{ message: 'refused', path: ['make'] }] }),
      () => {
        throw new Error('socket hang up')
      },
    ]
    for (const make of odd) {
      const { calls, responders } = counting({ a: make, b: respondToB })
      const answer = JSON.parse(await ask(planner, responders, { query: mutation, variables: { n: 1 } }))
      expect(calls.filter((name) => name === 'a')).toHaveLength(1)
      expect(calls.filter((name) => name === 'b').length).toBeLessThanOrEqual(2)
      expect(answer.data).toMatchObject({ mark: 7 })
      expect(answer.errors.length).toBeGreaterThan(0)
    }
  })

  test('objects handed in as data are left as they were', async () => {
    const data = Object.freeze({ t: Object.freeze({ __typename: 'T', id: '1', a: 1 }) })
    const { ours, reference } = await askBoth(planner, { a: () => ({ data }), b }, { query: '{ t { a b } }' })
    expect(ours).toEqual({ data: { t: { a: 1, b: 2 } } })
    expect(ours).toEqual(reference)
  })
})

const respondToB: Respond = (request, signal) => {
  const isMark = request.document.includes('mark')
  const whole = json({ data: isMark ? { mark: 7 } : { _entities: [{ b: 2 }] } })
  return whole(request, signal)
}

describe('an abort', () => {
  test('rejects with its reason, and nothing more is asked', async () => {
    const abort = new AbortController()
    const { calls, responders } = counting({
      a: (request, signal) => {
        abort.abort(new Error('hung up'))
        return a(request, signal)
      },
      b,
      c: a,
    })
    await expect(ask(planner, responders, { query, signal: abort.signal })).rejects.toThrow('hung up')
    expect(calls).toEqual(['a'])
  })

  test('while calls are under way', async () => {
    const abort = new AbortController()
    const hanging: Respond = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        abort.abort(new Error('hung up'))
      })
    await expect(ask(planner, { a, b: hanging }, { query, signal: abort.signal })).rejects.toThrow('hung up')
  })
})

test('one operation, many requests at once: nothing of one is in another', async () => {
  const operation = await planner.plan(parse('mutation ($n: Int) { make(n: $n) { id a b } }'), undefined)
  const echo: Respond = async (request, signal) => {
    const n = Object.values(request.variables)[0]
    return json({ data: { make: { __typename: 'T', id: String(n), a: n } } })(request, signal)
  }
  const square: Respond = async (request, signal) => {
    const text = JSON.stringify(request.variables)
    const [, id = '0'] = /"id":"(\d+)"/.exec(text) ?? []
    return json({ data: { _entities: [{ b: Number(id) ** 2 }] } })(request, signal)
  }
  const subgraph = (respond: Respond) => ({
    fetch: async (...call: Parameters<Respond>) => respond(...call),
    subscribe() {
      throw new Error('Nobody subscribes here.')
    },
  })
  const subgraphs = new Map([
    ['a', subgraph(echo)],
    ['b', subgraph(square)],
  ])
  const executor = createExecutor({ ...planner, subgraphs })
  const { signal } = new AbortController()
  const caller = { viewer: null, depth: 0, traceparent: undefined }
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      executor.executeToJson(operation, { caller, signal, variables: { n } }),
    ),
  )
  expect(answers).toEqual(answers.map((_, n) => `{"data":{"make":{"id":"${n}","a":${n},"b":${n * n}}}}`))
})

describe('a batched call', () => {
  const both = '{ x: t { b } ts { c } }'
  const answerA = json({
    data: {
      x__client: { __typename: 'T', id: '1' },
      ts: [
        { __typename: 'T', id: '1' },
        { __typename: 'T', id: '2' },
      ],
    },
  })
  const batched =
    (data: unknown, errors?: unknown): Respond =>
    (request, signal) => {
      const isBatched = request.document.includes('_e1')
      if (isBatched) return json({ data, errors })(request, signal)
      const asked = request.document.includes(' c') ? '_e1' : '_e0'
      throw new Error(`asked for ${asked} alone`)
    }
  const batch = async (data: unknown, errors?: unknown) =>
    JSON.parse(await ask(planner, { a: answerA, b: batched(data, errors) }, { query: both }))

  test('is one call, and its data comes to its places', async () => {
    expect(await batch({ _e0: [{ b: 1 }], _e1: [{ c: 3 }, { c: 4 }] })).toEqual({
      data: { x: { b: 1 }, ts: [{ c: 3 }, { c: 4 }] },
    })
  })

  test('an error of one part is an error at that part’s place', async () => {
    const errors = [{ message: 'no c', path: ['_e1', 1, 'c'], extensions: { code: 'NO_C' } }]
    const answer = await batch({ _e0: [{ b: 1 }], _e1: [{ c: 3 }, { c: null }] }, errors)
    expect(answer.data).toEqual({ x: { b: 1 }, ts: [{ c: 3 }, { c: null }] })
    expect(answer.errors).toMatchObject([
      { message: 'no c', path: ['ts', 1, 'c'], extensions: { code: 'NO_C' } },
    ])
  })

  test('a part that takes the others along with it', async () => {
    const errors = [{ message: 'all gone', path: ['_e0'] }]
    const answer = await batch(null, errors)
    expect(answer.data).toEqual({ x: null, ts: [{ c: null }, { c: null }] })
    expect(errorsOf(answer).every((text) => text.includes('all gone'))).toBe(true)
    expect(answer.errors).toHaveLength(3)
  })
})
