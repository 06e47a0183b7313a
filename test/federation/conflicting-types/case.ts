import type { FederationCase } from '../federation-case.ts'

const holders = [
  { __typename: 'Person', id: 'p', size: 0, parts: { worth: 1 } },
  { __typename: 'Firm', id: 'f', size: 5, parts: { worth: 2 } },
]
const find = ({ id }: { id: string }) => holders.find((holder) => holder.id === id)
const typeOf = ({ __typename }: { __typename: string }) => __typename
function fail(): never {
  throw new Error('Not told.')
}

export const conflictingTypes: FederationCase = {
  shows: 'types that conflict within a subgraph and not in the API schema',
  subgraphs: {
    holders: {
      sdl: `
        type Query { holders: [Holder] }
        interface Holder { id: ID! }
        type Person implements Holder @key(fields: "id") { id: ID! size: Int! @shareable parts: Parts! @shareable trouble: String! @shareable }
        type Firm implements Holder @key(fields: "id") { id: ID! size: Int parts: Parts trouble: String }
        type Parts @shareable { worth: Int }`,
      resolvers: {
        Query: { holders: () => holders },
        Holder: { __resolveType: typeOf },
        Person: { trouble: fail, __resolveReference: find },
        Firm: { trouble: fail, __resolveReference: find },
      },
    },
    loose: {
      sdl: `
        type Query { any: Holder }
        interface Holder { id: ID! }
        type Person implements Holder @key(fields: "id") { id: ID! size: Int @shareable parts: Parts @shareable trouble: String @shareable }
        type Parts @shareable { worth: Int }`,
      resolvers: { Holder: { __resolveType: typeOf } },
    },
  },
  monolith: {
    Query: { holders: () => holders },
    Holder: { __resolveType: typeOf },
    Person: { trouble: fail },
    Firm: { trouble: fail },
  },
  questions: [
    {
      asks: 'a key that had to be asked for under two names is renamed back; 0 is a value',
      query: '{ holders { ... on Person { id size } ... on Firm { size id } } }',
      data: {
        holders: [
          { id: 'p', size: 0 },
          { size: 5, id: 'f' },
        ],
      },
      unlikeApollo: 'loses values that are false in JavaScript',
    },
    {
      asks: 'objects and aliases',
      query:
        '{ holders { ... on Person { it: parts { worth } size: id } ... on Firm { it: parts { w: worth worth } size: id } } }',
      data: {
        holders: [
          { it: { worth: 1 }, size: 'p' },
          { it: { w: 2, worth: 2 }, size: 'f' },
        ],
      },
    },
    {
      asks: 'errors under the renamed key',
      query: '{ holders { ... on Person { oh: trouble } ... on Firm { no: trouble oh: trouble } } }',
      data: { holders: [null, { no: null, oh: null }] },
      errors: [
        { path: ['holders', 0, 'oh'], message: 'Not told.' },
        { path: ['holders', 1, 'no'], message: 'Not told.' },
        { path: ['holders', 1, 'oh'], message: 'Not told.' },
      ],
      unlikeMonolith: 'the subgraph cannot answer null where the API schema could',
    },
  ],
}
