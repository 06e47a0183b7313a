import type { FederationCase } from '../federation-case.ts'

let steps: string[] = []
const step =
  (name: string) =>
  (_: unknown, { n }: { n: number }) => {
    if (n === 0) throw new Error('Zero is refused.')
    if (n === 1) steps = []
    steps.push(`${name}${n}`)
    return { id: steps.join(',') }
  }

export const mutations: FederationCase = {
  shows: 'mutations',
  subgraphs: {
    left: {
      sdl: `
        type Query { none: Int } type Mutation { left(n: Int!): Step }
        type Step @key(fields: "id") { id: ID! }`,
      resolvers: { Mutation: { left: step('left') } },
    },
    right: {
      sdl: `
        type Mutation { right(n: Int!): Step sure(n: Int!): Step! }
        type Step @key(fields: "id") { id: ID! length: Int }`,
      resolvers: {
        Mutation: { right: step('right'), sure: step('sure') },
        Step: { length: ({ id }: { id: string }) => id.length },
      },
    },
  },
  monolith: {
    Mutation: { left: step('left'), right: step('right'), sure: step('sure') },
    Step: { length: ({ id }: { id: string }) => id.length },
  },
  questions: [
    {
      asks: 'one after the other over two subgraphs, in the order they are written',
      query:
        'mutation { a: left(n: 1) { id length } b: right(n: 2) { id } c: left(n: 3) { id length } d: right(n: 4) { id } }',
      data: {
        a: { id: 'left1', length: 5 },
        b: { id: 'left1,right2' },
        c: { id: 'left1,right2,left3', length: 18 },
        d: { id: 'left1,right2,left3,right4' },
      },
    },
    {
      asks: 'one that fails does not keep the next from running',
      query: 'mutation { a: left(n: 1) { id } b: right(n: 0) { id length } c: left(n: 3) { id } }',
      data: { a: { id: 'left1' }, b: null, c: { id: 'left1,left3' } },
      errors: [{ path: ['b'], message: 'Zero is refused.' }],
    },
    {
      asks: 'one that fails and may not be null nulls the answer, and those behind it do not run',
      query:
        'mutation { a: left(n: 1) { id } ...Rest } fragment Rest on Mutation { b: sure(n: 0) { id } c: left(n: 3) { id } }',
      data: null,
      errors: [{ path: ['b'], message: 'Zero is refused.' }],
      calls: [
        'left: mutation($n__root1:Int!){a__client:left(n:$n__root1){id}}',
        'right: mutation($n__root2:Int!){b__client:sure(n:$n__root2){id}}',
      ],
    },
    {
      asks: 'a field that is selected twice, once under a condition, runs once',
      query:
        'mutation ($a: Boolean!) { a: left(n: 1) { id } b: right(n: 2) { id } b: right(n: 2) @include(if: $a) { length } }',
      variables: { a: true },
      data: { a: { id: 'left1' }, b: { id: 'left1,right2', length: 12 } },
      unlikeApollo: 'runs it twice',
    },
    {
      asks: 'the order is that of first mention, whatever fragment says more of a field later',
      query: `mutation { b: left(n: 1) { id } ... { a: left(n: 2) { id } } ...F }
        fragment F on Mutation { b: left(n: 1) { length } a: left(n: 2) { length } }`,
      data: { b: { id: 'left1', length: 5 }, a: { id: 'left1,left2', length: 11 } },
    },
  ],
}
