import type { FederationCase } from '../federation-case.ts'

type Parcel = {
  id: string
  weight: number | null
  box: { kind: string; sizes: number[]; lid?: string } | null
}
const parcels: Parcel[] = [
  { id: '1', weight: 2, box: { kind: 'Crate', sizes: [1, 2], lid: 'oak' } },
  { id: '2', weight: null, box: null },
  { id: '3', weight: 5, box: { kind: 'Bag', sizes: [3] } },
]
const find = ({ id }: { id: string }) => parcels.find((parcel) => parcel.id === id)
const boxOf = ({ box }: Parcel) => box && { __typename: box.kind, ...box }
const typeOf = ({ __typename }: { __typename: string }) => __typename
const price = (weight: number | null) => (weight === null ? null : weight * 10)
const inGrams = ({ weight }: Parcel, { unit }: { unit: string }) =>
  weight && (unit === 'G' ? weight * 1000 : weight)
function customs({ id }: { id: string }) {
  if (id === '3') throw new Error('Customs are closed.')
  return `C${id}`
}

function seal({ id }: { id: string }) {
  if (id === '2') throw new Error('The seal is broken.')
  return `S${id}`
}

export const requires: FederationCase = {
  shows: '@requires',
  subgraphs: {
    warehouse: {
      sdl: `
        type Query { parcels: [Parcel!] }
        type Parcel @key(fields: "id") { id: ID! weight: Int mass(unit: String): Int box: Box customs: String seal: String! stamps: Int }
        interface Box { sizes: [Int!]! }
        type Crate implements Box { sizes: [Int!]! lid: String }
        type Bag implements Box { sizes: [Int!]! }`,
      resolvers: {
        Query: { parcels: () => parcels },
        Parcel: { __resolveReference: find, box: boxOf, mass: inGrams, customs, seal, stamps: () => 1 },
        Box: { __resolveType: typeOf },
      },
    },
    shipping: {
      sdl: `
        type Parcel @key(fields: "id") {
          id: ID!
          weight: Int @external
          mass(unit: String): Int @external
          box: Box @external
          customs: String @external
          seal: String! @external
          proof: String @requires(fields: "seal")
          price: Int @requires(fields: "weight")
          grams: String @requires(fields: "mass(unit: \\"G\\")")
          label: String @requires(fields: "box { __typename sizes ... on Crate { lid } }")
          papers: String @requires(fields: "customs")
        }
        interface Box { sizes: [Int!]! @external }
        type Crate implements Box { sizes: [Int!]! @external lid: String @external }
        type Bag implements Box { sizes: [Int!]! @external }`,
      resolvers: {
        Parcel: {
          price: ({ weight }: { weight: number | null }) => price(weight),
          grams: ({ mass }: { mass: number | null }) => `${mass} g`,
          label: ({ box }: { box: unknown }) => JSON.stringify(box),
          papers: ({ customs: mark }: { customs: string }) => `papers ${mark}`,
          proof: ({ seal: mark }: { seal: string }) => `proof ${mark}`,
        },
        Box: { __resolveType: typeOf },
      },
    },
  },
  monolith: {
    Query: { parcels: () => parcels },
    Box: { __resolveType: typeOf },
    Parcel: {
      box: boxOf,
      mass: inGrams,
      customs,
      price: ({ weight }: Parcel) => price(weight),
      grams: (parcel: Parcel) => `${inGrams(parcel, { unit: 'G' })} g`,
      papers: (parcel: Parcel) => `papers ${customs(parcel)}`,
      seal,
      stamps: () => 1,
      proof: (parcel: Parcel) => `proof ${seal(parcel)}`,
    },
  },
  questions: [
    {
      asks: 'a field that is not selected, null included',
      query: '{ parcels { price } }',
      data: { parcels: [{ price: 20 }, { price: null }, { price: 50 }] },
    },
    {
      asks: 'a field with an argument',
      query: '{ parcels { id grams } }',
      data: {
        parcels: [
          { id: '1', grams: '2000 g' },
          { id: '2', grams: 'null g' },
          { id: '3', grams: '5000 g' },
        ],
      },
    },
    {
      asks: 'an object with fragments',
      query: '{ parcels { label box { ... on Crate { lid } } } }',
      data: {
        parcels: [
          { label: '{"__typename":"Crate","sizes":[1,2],"lid":"oak"}', box: { lid: 'oak' } },
          { label: 'null', box: null },
          { label: '{"__typename":"Bag","sizes":[3]}', box: {} },
        ],
      },
      unlikeMonolith: 'the label is what the subgraph receives',
    },
    {
      asks: 'a required field that failed: what depends on it fails with its error, and is not computed from null',
      query: '{ parcels { papers } }',
      data: { parcels: [{ papers: 'papers C1' }, { papers: 'papers C2' }, { papers: null }] },
      errors: [{ path: ['parcels', 2, 'papers'], message: 'Customs are closed.' }],
      unlikeApollo: 'computes "papers null"',
    },
    {
      asks: 'a required field that failed and is selected as well',
      query: '{ parcels { customs papers } }',
      data: {
        parcels: [
          { customs: 'C1', papers: 'papers C1' },
          { customs: 'C2', papers: 'papers C2' },
          { customs: null, papers: null },
        ],
      },
      errors: [
        { path: ['parcels', 2, 'customs'], message: 'Customs are closed.' },
        { path: ['parcels', 2, 'papers'], message: 'Customs are closed.' },
      ],
      unlikeApollo: 'computes "papers null"',
    },
    {
      asks: 'a required field that may not be null and failed: what its subgraph nulled with it says so',
      query: '{ parcels { stamps proof } }',
      data: { parcels: null },
      errors: [{ path: ['parcels'], message: 'The seal is broken.' }],
      unlikeMonolith: 'one schema reads no fields that nobody selected',
    },
  ],
}
