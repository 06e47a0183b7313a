import type { FederationCase } from '../federation-case.ts'

const user = { id: '1', name: 'Ada' }
const badges = ['gold', 'silver']

export const conditions: FederationCase = {
  shows: '@skip and @include',
  subgraphs: {
    users: {
      sdl: 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String }',
      resolvers: { Query: { me: () => user } },
    },
    badges: {
      sdl: 'type Query { allBadges: [String!] } type User @key(fields: "id") { id: ID! badges(first: Int): [String!] }',
      resolvers: {
        Query: { allBadges: () => badges },
        User: { badges: (_, { first }: { first?: number }) => badges.slice(0, first) },
      },
    },
  },
  monolith: {
    Query: { me: () => user, allBadges: () => badges },
    User: { badges: (_, { first }: { first?: number }) => badges.slice(0, first) },
  },
  questions: [
    {
      asks: 'a condition on a whole fetch that does not hold: no call',
      query: 'query ($yes: Boolean!) { me { name badges @include(if: $yes) } }',
      variables: { yes: false },
      data: { me: { name: 'Ada' } },
      calls: ['users: {me{__typename id name}}'],
    },
    {
      asks: 'the same condition where it holds, from a default',
      query:
        'query ($yes: Boolean! = true, $n: Int = 1) { me { name badges(first: $n) @include(if: $yes) } }',
      data: { me: { name: 'Ada', badges: ['gold'] } },
    },
    {
      asks: 'conditions within conditions, on fields and fragments',
      query: `query ($a: Boolean!, $b: Boolean!) {
        me @skip(if: $a) { ... @include(if: $b) { name badges } ... on User @skip(if: $b) { id } }
        allBadges @include(if: $a) }`,
      variables: { a: false, b: true },
      data: { me: { name: 'Ada', badges: ['gold', 'silver'] } },
    },
    {
      asks: 'everything skipped',
      query: 'query ($a: Boolean!) { me @include(if: $a) { name badges } allBadges @skip(if: true) }',
      variables: { a: false },
      data: {},
    },
    {
      asks: 'an object whose whole content is under a condition that does not hold: it is there, and empty',
      query: 'query ($yes: Boolean!) { me { badges @include(if: $yes) } }',
      variables: { yes: false },
      data: { me: {} },
      unlikeApollo: 'does not fetch the object: null',
    },
    {
      asks: 'conditions that exclude each other, outside and inside',
      query: 'query ($a: Boolean!) { me @skip(if: $a) { ... on User { name @include(if: $a) } } }',
      variables: { a: false },
      data: { me: {} },
      unlikeApollo: 'finds the plan empty',
    },
    {
      asks: 'introspection under a condition',
      query: 'query ($a: Boolean!) { ... @include(if: $a) { __type(name: "User") { name } me { name } } }',
      variables: { a: true },
      data: { __type: { name: 'User' }, me: { name: 'Ada' } },
      unlikeApollo: 'its planner throws',
    },
  ],
}
