import { parse } from 'graphql'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { withRules } from '../../../gateway/execution/with-rules.ts'
import type { RuleOutcome, Rules } from '../../../gateway/transports/run-rules.ts'
import { type Args, ask, caller, type Journal, planner, type Rule, subgraphsOf } from './rules-fixture.ts'

const rejects: Rule = () => ({ reject: { code: 'TOO_MUCH', message: 'No.' } })
const rejectsTwo: Rule = (args) =>
  args.n === 2 || args.id === '2' ? { reject: { code: 'TWO', message: 'Not two.' } } : { args }
const rejection = { message: 'No.', extensions: { code: 'TOO_MUCH', client: 'acme' } }

describe('a query', () => {
  test('a rule sees every argument, coerced, defaults filled in', async () => {
    const query = `query ($n: String!, $f: Filter) { echo(filter: $f, ids: 5, json: { n: $n }) }`
    const { asked } = await ask(
      query,
      { 'Query.echo': ({ n }) => ({ args: { n } }) },
      { n: 'x', f: { and: { name: 'y' } } },
    )
    const filter = { size: 'M', and: [{ size: 'M', name: 'y' }] }
    expect(asked).toEqual([
      [{ coordinate: 'Query.echo', args: { n: 7, filter, ids: ['5'], json: { n: 'x' }, must: 3 } }],
    ])
  })

  test('what it answers is what the field is given, absent and null told apart', async () => {
    const rewritten = { n: null, filter: { and: { name: 'z' } }, ids: [1] }
    const query = 'query ($n: Int! = 1, $s: Size! = S) { echo(n: $n, size: $s, json: 5) }'
    const { data, errors } = await ask(query, { 'Query.echo': () => ({ args: rewritten }) })
    expect(errors).toEqual([])
    const filter = { and: [{ name: 'z', size: 'M' }], size: 'M' }
    expect(data).toEqual({ echo: { n: null, filter, ids: ['1'], must: 3 } })
  })

  test('a rejected field is null at its place and is not fetched; the rest goes on', async () => {
    const query = '{ free a: thing(id: 2) { id name } b: thing(id: 3) { id name } __typename name }'
    const { text, errors, journal } = await ask(query, { 'Query.thing': rejectsTwo })
    const data = { free: 1, a: null, b: { id: '3', name: 'no 3' }, __typename: 'Query', name: 'names' }
    expect(JSON.stringify(JSON.parse(text).data)).toBe(JSON.stringify(data))
    expect(errors).toEqual([
      {
        message: 'Not two.',
        path: ['a'],
        locations: [{ line: 1, column: 8 }],
        extensions: { code: 'TWO', client: 'acme' },
      },
    ])
    expect(journal).not.toContain('thing {"id":"2"}')
  })

  test('all rules are asked in one call, before anything is fetched', async () => {
    const query = '{ free a: thing(id: 1) { id } b: thing(id: 3) { id } echo }'
    const { asked, journal } = await ask(query, {
      'Query.thing': rejectsTwo,
      'Query.echo': (args) => ({ args }),
    })
    expect(asked.map((calls) => calls.map(({ coordinate }) => coordinate))).toEqual([
      ['Query.thing', 'Query.thing', 'Query.echo'],
    ])
    expect(journal.slice(0, 3).every((entry) => entry.startsWith('rule '))).toBe(true)
  })

  test('one that may not be null nulls the answer, and nothing is fetched', async () => {
    const { data, errors, journal } = await ask('{ free sure }', { 'Query.sure': rejects })
    expect(data).toBe(null)
    expect(errors).toMatchObject([{ path: ['sure'], ...rejection }])
    expect(journal).toEqual(['rule Query.sure {}'])
  })

  test('errors point into the text that the client wrote, also those of fields that run', async () => {
    const query = '{ x: echo,\n thing(id: 9) { id\n size(by: -1) } }'
    const { errors } = await ask(query, { 'Query.echo': rejects })
    expect(errors.map(({ path, locations }) => ({ path, locations }))).toEqual([
      { path: ['x'], locations: [{ line: 1, column: 3 }] },
      { path: ['thing', 'size'], locations: [{ line: 3, column: 2 }] },
    ])
  })

  test('fragments, conditions, the same field twice, and what is not selected at all', async () => {
    const query = `query ($no: Boolean!, $yes: Boolean = true) {
      ...A a: thing(id: 2) { id } skipped: thing(id: 2) @include(if: $no) { id }
      ... @skip(if: $yes) { b: thing(id: 2) { id } }
    }
    fragment A on Query { c: thing(id: 4) { ...T } a: thing(id: 2) { name } }
    fragment T on Thing { id }`
    const { data, asked } = await ask(query, { 'Query.thing': rejectsTwo }, { no: false })
    expect(data).toEqual({ c: { id: '4' }, a: null })
    expect(asked).toEqual([
      [
        { coordinate: 'Query.thing', args: { id: '4' } },
        { coordinate: 'Query.thing', args: { id: '2' } },
      ],
    ])
  })

  test('nothing is left: introspection and nulls', async () => {
    const query = '{ a: thing(id: 2) { id } __schema { queryType { name } } b: thing(id: 2) { id } }'
    const { text } = await ask(query, { 'Query.thing': rejectsTwo })
    expect(JSON.stringify(JSON.parse(text).data)).toBe(
      '{"a":null,"__schema":{"queryType":{"name":"Query"}},"b":null}',
    )
  })

  test('variables and keys with names that mean something elsewhere', async () => {
    const query =
      'query ($id: ID!, $constructor: ID!) { __proto__: thing(id: $id) { id } constructor: thing(id: $constructor) { id } toString: free }'
    const variables = { id: '1', constructor: '2' }
    const { text } = await ask(query, { 'Query.thing': rejectsTwo }, variables)
    expect(JSON.stringify(JSON.parse(text).data)).toBe(
      '{"__proto__":{"id":"1"},"constructor":null,"toString":1}',
    )
  })

  test('an operation without ruled fields is handed on as it is', async () => {
    const { asked, data } = await ask('{ free }', { 'Query.thing': rejects })
    expect({ asked, data }).toEqual({ asked: [], data: { free: 1 } })
  })

  test('variables that do not fit are refused before any rule is asked', async () => {
    const { asked, errors } = await ask('query ($id: ID!) { thing(id: $id) { id } }', {
      'Query.thing': rejects,
    })
    expect(asked).toEqual([])
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })

  test('a variable that is null where the argument may not be: no rule is asked for it', async () => {
    const query = 'query ($n: Int = 1) { echo(must: $n) free }'
    const { asked, errors, data } = await ask(query, { 'Query.echo': rejects }, { n: null })
    expect({ asked, data }).toEqual({ asked: [], data: { echo: null, free: 1 } })
    expect(errors).toMatchObject([{ path: ['echo'], extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

describe('a mutation', () => {
  const puts = (count: number) =>
    `mutation { ${Array.from({ length: count }, (_, index) => `p${index}: put(n: ${index}) { id name }`).join(' ')} }`

  test('each rule is asked just before its own field, after those before it', async () => {
    let made = 0
    const atMostThree: Rule = (args) => {
      made += 1
      return made > 3 ? { reject: { code: 'TOO_MANY', message: 'Three are enough.' } } : { args }
    }
    const { data, errors, journal } = await ask(puts(20), { 'Mutation.put': atMostThree })
    expect(Object.values(Object(data)).filter((put) => put !== null)).toHaveLength(3)
    expect(errors.map(({ path }) => path)).toEqual(
      Array.from({ length: 17 }, (_, index) => [`p${index + 3}`]),
    )
    expect(journal.slice(0, 4)).toEqual([
      'rule Mutation.put {"n":0}',
      'put {"n":0}',
      'rule Mutation.put {"n":1}',
      'put {"n":1}',
    ])
    expect(journal).toHaveLength(23)
  })

  test('fields without rules between them keep their order', async () => {
    const query = 'mutation { a: free p: put(n: 2) { id } b: free q: put(n: 3) { id } __typename c: free }'
    const { text, journal } = await ask(query, { 'Mutation.put': rejectsTwo })
    expect(JSON.stringify(JSON.parse(text).data)).toBe(
      '{"a":1,"p":null,"b":1,"q":{"id":"3"},"__typename":"Mutation","c":1}',
    )
    expect(journal.map((entry) => entry.split(' ').slice(0, 2).join(' '))).toEqual([
      'free {}',
      'rule Mutation.put',
      'free {}',
      'rule Mutation.put',
      'put {"n":3}',
      'free {}',
    ])
  })

  test('one that is refused and may not be null keeps those behind it from running, and their rules from being asked', async () => {
    const query = 'mutation { a: put(n: 1) { id } b: sure(n: 2) { id } c: put(n: 3) { id } }'
    const rules = { 'Mutation.put': (args: Args) => ({ args }), 'Mutation.sure': rejectsTwo }
    const { data, errors, journal } = await ask(query, rules)
    expect(data).toBe(null)
    expect(errors).toMatchObject([{ path: ['b'], message: 'Not two.' }])
    expect(journal).toEqual(['rule Mutation.put {"n":1}', 'put {"n":1}', 'rule Mutation.sure {"n":2}'])
  })

  test('one alone is one operation with what the rule made of it', async () => {
    const { data } = await ask('mutation { put(n: 1) { id } }', {
      'Mutation.put': () => ({ args: { n: 5 } }),
    })
    expect(data).toEqual({ put: { id: '5' } })
  })
})

describe('rules that misbehave refuse their field', () => {
  const put = 'mutation { put(n: 1) { id } free }'
  const hostile: [string, unknown, string][] = [
    ['no object', { args: null }, 'RULE_INVALID_RESULT'],
    ['a list', { args: [] }, 'RULE_INVALID_RESULT'],
    ['nothing', undefined, 'RULE_INVALID_RESULT'],
    ['a value that does not fit', { args: { n: 'one' } }, 'RULE_INVALID_RESULT'],
    ['no value where one has to be', { args: {} }, 'RULE_INVALID_RESULT'],
    ['null where it may not be', { args: { n: null } }, 'RULE_INVALID_RESULT'],
    ['an argument that is none', { args: { n: 1, admin: true } }, 'RULE_INVALID_RESULT'],
    ['an argument of every object', { args: JSON.parse('{"n":1,"__proto__":{}}') }, 'RULE_INVALID_RESULT'],
    ['its own failure', { error: { code: 'LAMBDA_CPU_EXCEEDED', message: 'x' } }, 'LAMBDA_CPU_EXCEEDED'],
  ]
  for (const [what, outcome, code] of hostile) {
    test(what, async () => {
      const { data, errors, journal } = await ask(put, { 'Mutation.put': () => outcome as RuleOutcome })
      expect(data).toEqual({ put: null, free: 1 })
      expect(errors).toMatchObject([{ path: ['put'], extensions: { code } }])
      expect(journal).toEqual(['rule Mutation.put {"n":1}', 'free {}'])
    })
  }

  test('nobody there to ask', async () => {
    const journal: Journal = []
    const run = async () => {
      throw new Error('connect ECONNREFUSED 10.0.0.7')
    }
    const rules = { coordinates: new Set(['Mutation.put']), run }
    const executor = withRules({ rules, planner })(
      createExecutor({ ...planner, subgraphs: subgraphsOf(journal) }),
    )
    const planned = await planner.plan(parse(put), undefined)
    const { signal } = new AbortController()
    const text = await executor.executeToJson(planned, { caller, variables: {}, signal })
    expect(JSON.parse(text)).toMatchObject({
      data: { put: null, free: 1 },
      errors: [{ path: ['put'], extensions: { code: 'LAMBDA_UNAVAILABLE' } }],
    })
    expect(text).not.toContain('ECONNREFUSED')
  })

  test('an abort while a rule is asked ends the operation, and nothing runs', async () => {
    const journal: Journal = []
    const abort = new AbortController()
    const rules: Rules = {
      coordinates: new Set(['Mutation.put']),
      async run(_calls, _caller, signal) {
        abort.abort(new Error('gone'))
        signal.throwIfAborted()
        return []
      },
    }
    const executor = withRules({ rules, planner })(
      createExecutor({ ...planner, subgraphs: subgraphsOf(journal) }),
    )
    const planned = await planner.plan(parse(put), undefined)
    const request = { caller, variables: {}, signal: abort.signal }
    await expect(executor.execute(planned, request)).rejects.toThrow('gone')
    expect(journal).toEqual([])
  })
})
