import { type GraphQLFormattedError, parse } from 'graphql'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { withRules } from '../../../gateway/execution/with-rules.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import type { RuleCall, RuleOutcome, Rules } from '../../../gateway/transports/run-rules.ts'
import { compose } from '../../federation/compose.ts'
import { inProcess } from '../../support/in-process-subgraph.ts'

const things = {
  sdl: `
    scalar JSON
    enum Size { S M }
    input Filter { name: String size: Size = M and: [Filter!] }
    type Query {
      echo(n: Int = 7, size: Size, filter: Filter, ids: [ID!], json: JSON, must: Int! = 3): JSON
      thing(id: ID!): Thing
      sure(n: Int): Int!
      free: Int
    }
    type Mutation { put(n: Int!): Thing sure(n: Int!): Thing! free: Int }
    type Thing @key(fields: "id") { id: ID! size(by: Int): Int }`,
}
const names = { sdl: 'type Query { name: String } type Thing @key(fields: "id") { id: ID! name: String }' }
export const planner = createPlanner(compose({ things, names }))

export type Args = Readonly<Record<string, unknown>>
export type Rule = (args: Args) => RuleOutcome
export type Book = Readonly<Record<string, Rule>>
/** What ran, rules and fields alike, in order. */
export type Journal = string[]

export const caller = {
  viewer: { kind: 'SERVER', client: 'acme', keyId: 'k' } as const,
  depth: 0,
  traceparent: undefined,
}

export function fieldsOf(journal: Journal) {
  const note = (name: string, answer: (args: Args) => unknown) => (_root: unknown, args: Args) => {
    journal.push(`${name} ${JSON.stringify(args)}`)
    return answer(args)
  }
  return {
    Query: {
      echo: note('echo', (args) => args),
      thing: note('thing', ({ id }) => ({ id })),
      sure: note('sure', () => 1),
      free: note('free', () => 1),
    },
    Mutation: {
      put: note('put', ({ n }) => ({ id: String(n) })),
      sure: note('sure', ({ n }) => ({ id: String(n) })),
      free: note('free', () => 1),
    },
    Thing: {
      size(_thing: unknown, { by }: Args) {
        if (by === -1) throw new Error('Negative.')
        return by ?? 1
      },
      __resolveReference: (reference: unknown) => reference,
    },
  }
}

function rulesOf(book: Book, journal: Journal): Rules & { asked: RuleCall[][] } {
  const asked: RuleCall[][] = []
  return {
    asked,
    coordinates: new Set(Object.keys(book)),
    async run(calls) {
      asked.push([...calls])
      return calls.map(({ coordinate, args }) => {
        journal.push(`rule ${coordinate} ${JSON.stringify(args)}`)
        const rule = book[coordinate]
        return rule ? rule(args) : { args }
      })
    },
  }
}

export async function ask(query: string, rules: Book, variables: Record<string, unknown> = {}) {
  const journal: Journal = []
  const asking = rulesOf(rules, journal)
  const executor = withRules({ rules: asking, planner })(
    createExecutor({ ...planner, subgraphs: subgraphsOf(journal) }),
  )
  const planned = await planner.plan(parse(query), undefined)
  const { signal } = new AbortController()
  const text = await executor.executeToJson(planned, { caller, variables, signal })
  const { data, errors = [] }: { data: unknown; errors?: GraphQLFormattedError[] } = JSON.parse(text)
  return { data, errors, text, journal, asked: asking.asked }
}

export function subgraphsOf(journal: Journal) {
  const { Query, Mutation, Thing } = fieldsOf(journal)
  const nameOf = {
    name: ({ id }: { id: string }) => `no ${id}`,
    __resolveReference: Thing.__resolveReference,
  }
  return new Map([
    ['things', inProcess(things.sdl, { Query, Mutation, Thing })],
    ['names', inProcess(names.sdl, { Query: { name: () => 'names' }, Thing: nameOf })],
  ])
}
