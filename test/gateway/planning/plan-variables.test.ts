import fc from 'fast-check'
import { GraphQLError, type GraphQLSchema, graphql, parse } from 'graphql'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { planVariables } from '../../../gateway/planning/plan-variables.ts'
import type { PlanNode } from '../../../gateway/planning/query-plan.ts'
import { compose } from '../../federation/compose.ts'

const planner = createPlanner(
  compose({
    a: {
      sdl: `
        scalar JSON
        enum Size { S M }
        input Filter { name: String size: Size = M tags: [String!] and: [Filter!] is: Boolean! = true }
        type Query {
          echo(n: Int = 7, size: Size, filter: Filter, ids: [ID!], json: JSON, f: Float, must: Int! = 3): JSON
          t(id: ID!): T
          query: Query
        }
        type Mutation { put(n: Int): Int }
        type T @key(fields: "id") { id: ID! a(n: Int): Int }`,
    },
    b: { sdl: 'type T @key(fields: "id") { id: ID! b(n: Int): Int }' },
  }),
)

async function plan(query: string, variables: Record<string, unknown> = {}) {
  const planned = await planner.plan(parse(query), undefined)
  return { planned, result: planVariables(planned, variables) }
}

function fetches(node: PlanNode | undefined): string[] {
  if (!node) return []
  if (node.kind === 'Fetch') return [node.operation]
  if (node.kind === 'Flatten') return fetches(node.node)
  return node.kind === 'Condition'
    ? [...fetches(node.ifClause), ...fetches(node.elseClause)]
    : node.nodes.flatMap(fetches)
}

/** What a subgraph receives as the arguments of `echo`. */
async function received(query: string, variables: Record<string, unknown> = {}) {
  const { planned, result } = await plan(query, variables)
  if (!result.ok) return result.errors.map(({ code }) => code)
  const { node } = planned.plan
  if (node?.kind === 'Subscription') throw new Error('No subscription.')
  const answers = await Promise.all(
    fetches(node).map((source) => echoed(planner.schema, source, { ...result.variables })),
  )
  return Object.assign({}, ...answers)
}

/** graphql-js over the API schema, whose `echo` answers its arguments. */
async function echoed(schema: GraphQLSchema, source: string, variableValues: Record<string, unknown>) {
  const rootValue = { echo: (args: unknown) => args }
  const { data, errors } = await graphql({ schema, source, variableValues, rootValue })
  if (errors) return { errors: errors.map(({ path }) => path) }
  const named = Object.entries(data ?? {}).map(([key, value]) => [key.replace('__client', ''), value])
  return JSON.parse(JSON.stringify(Object.fromEntries(named)))
}

describe('arguments of root fields', () => {
  test('are variables, by private names, whatever the client wrote', async () => {
    const { planned, result } = await plan(
      `query ($n: Int, $name: String) {
        echo(n: 1, filter: { name: $name, and: [{ tags: "x" }] })
        ...More
      }
      fragment More on Query { other: echo(n: $n, size: S, json: { deep: [$n, ENUM, "s"] }) }`,
      { n: 5, name: 'ann' },
    )
    expect(planned.plan).toMatchObject({
      node: { operation: expect.not.stringMatching(/\((?:[^)]*:)?[^$)]*"x"/) },
    })
    const values = planned.rootArguments.map(({ responseKey, coordinate, argument, variable }) => [
      `${responseKey} ${coordinate} ${argument}`,
      result.ok ? result.variables[variable] : 'none',
    ])
    expect(Object.fromEntries(values)).toMatchObject({
      'echo Query.echo n': 1,
      'echo Query.echo filter': {
        name: 'ann',
        and: [{ tags: ['x'], size: 'M', is: true }],
        size: 'M',
        is: true,
      },
      'other Query.echo n': 5,
      'other Query.echo size': 'S',
      'other Query.echo json': { deep: [5, 'ENUM', 's'] },
    })
    expect(values).toHaveLength(14)
  })

  test.each([
    ['{ echo }', {}],
    ['{ echo(n: null, size: null) }', {}],
    ['query ($n: Int, $s: Size) { echo(n: $n, size: $s) }', {}],
    ['query ($n: Int, $s: Size) { echo(n: $n, size: $s) }', { n: null, s: null }],
    ['query ($n: Int = 4, $s: Size = S) { echo(n: $n, size: $s) }', {}],
    ['query ($n: Int = 4) { echo(n: $n, must: $n) }', { n: 2 }],
    ['query ($i: [ID!]) { echo(ids: $i) b: echo(ids: 4) c: echo(ids: [1, "2"]) }', { i: 7 }],
    ['query ($n: String) { echo(filter: { name: $n, and: { name: $n } }) }', {}],
    ['query ($t: [String!]) { echo(filter: { tags: $t, size: null }) }', { t: ['a'] }],
    ['query ($f: Filter) { echo(filter: $f) b: echo(filter: $f) }', { f: { name: 'x' } }],
    ['query ($no: Boolean!) { echo(n: 1) @skip(if: $no) b: echo(n: 2) @include(if: $no) }', { no: false }],
    [
      'query ($no: Boolean!) { ... @skip(if: $no) { echo(n: 1) } ...F } fragment F on Query { echo(n: 1) }',
      { no: true },
    ],
    ['{ echo(f: 1) b: echo(f: 1.50) c: echo(f: 1e3) }', {}],
    ['{ echo(json: { __proto__: 1, constructor: "c", list: [1.5, true, null] }) }', {}],
    [
      'query ($representations: Int, $n__root1: Int) { echo(n: $representations, must: 1) b: echo(n: $n__root1) }',
      { representations: 8, n__root1: 9 },
    ],
  ])('arrive as they would without a gateway: %s', async (query, variables) => {
    expect(await received(query, variables)).toEqual(await echoed(planner.schema, query, variables))
  })

  test('null in a mixed argument where none may be is the caller’s fault, and asks no subgraph', async () => {
    const query = 'query ($is: Boolean = true) { echo(filter: { is: $is }) }'
    expect(await received(query, { is: null })).toEqual(['BAD_USER_INPUT'])
    expect(await received(query, {})).toMatchObject({ echo: { filter: { is: true } } })
  })

  test('what types fill in does not make a short request endless', async () => {
    const filled = createPlanner(
      compose({
        a: {
          sdl: `input Filled { text: String = "${'x'.repeat(10_000)}" } type Query { a(all: [Filled!]): Int }`,
        },
      }),
    )
    const planned = await filled.plan(parse('query ($all: [Filled!]) { a(all: $all) }'), undefined)
    const withItems = (length: number) => planVariables(planned, { all: Array.from({ length }, () => ({})) })
    expect(withItems(100).ok).toBe(true)
    expect(withItems(100_000)).toMatchObject({ ok: false, errors: [{ code: 'BAD_USER_INPUT' }] })
  })

  test('variables that do not fit are all named', async () => {
    const { result } = await plan('query ($n: Int!, $s: Size) { echo(n: $n, size: $s) }', { s: 'XL' })
    expect(result).toMatchObject({
      ok: false,
      errors: [{ code: 'BAD_USER_INPUT' }, { code: 'BAD_USER_INPUT' }],
    })
    expect(result.ok || result.errors.every((error) => error instanceof GraphQLError)).toBe(true)
  })

  test('a variable called representations goes beside those of an entity fetch', async () => {
    const { planned, result } = await plan(
      'query ($representations: Int) { t(id: 1) { b(n: $representations) } }',
      {
        representations: 3,
      },
    )
    expect(result).toMatchObject({ ok: true, variables: { representations__client: 3 } })
    expect(JSON.stringify(planned.plan)).toContain('b(n:$representations__client)')
  })

  test('the root within the answer keeps its own', async () => {
    const { planned } = await plan('{ query { echo(n: 5) } }')
    expect(planned.rootArguments).toEqual([])
    expect(JSON.stringify(planned.plan)).toContain('echo(n:5)')
  })

  test('any JSON as a literal or in variables arrives as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const query = 'query ($v: JSON) { echo(json: $v) b: echo(json: [$v]) }'
        const sent = JSON.parse(JSON.stringify(value))
        const answer = await received(query, { v: sent })
        expect(answer).toMatchObject({ echo: { json: sent }, b: { json: [sent] } })
      }),
      { numRuns: 200 },
    )
  })
})
