import type { FederationCase } from '../federation-case.ts'

const parcels = [
  { id: 'p1', grams: 300 },
  { id: 'p2', grams: 2_000 },
]
type Parcel = (typeof parcels)[number]
const find = ({ id }: { id: string }) => parcels.find((one) => one.id === id)

const classOf = (grams: number) => (grams > 1_000 ? 'heavy' : 'light')
const priceOf = (category: string) => (category === 'heavy' ? 9 : 4)

export const chainedRequirements: FederationCase = {
  shows: 'a required field that requires others itself',
  subgraphs: {
    depot: {
      sdl: `
        type Query { parcels: [Parcel] some: [Item] }
        interface Item { id: ID! }
        type Parcel implements Item @key(fields: "id") {
          id: ID!
          grams: Int @external
          category: String @requires(fields: "grams")
        }`,
      resolvers: {
        Query: {
          parcels: () => parcels.map(({ id }) => ({ id })),
          some: () => parcels.map(({ id }) => ({ __typename: 'Parcel', id })),
        },
        Parcel: {
          category: ({ grams }: Partial<Parcel>) => (grams === undefined ? 'unknown' : classOf(grams)),
        },
      },
    },
    scales: {
      sdl: 'type Parcel @key(fields: "id") { id: ID! grams: Int }',
      resolvers: { Parcel: { __resolveReference: find } },
    },
    till: {
      sdl: `
        interface Item { id: ID! price: Int }
        type Parcel implements Item @key(fields: "id") {
          id: ID!
          category: String @external
          price: Int @requires(fields: "category")
        }`,
      resolvers: { Parcel: { price: ({ category }: { category: string }) => priceOf(category) } },
    },
  },
  monolith: {
    Query: {
      parcels: () => parcels,
      some: () => parcels.map((parcel) => ({ __typename: 'Parcel', ...parcel })),
    },
    Parcel: {
      category: ({ grams }: Parcel) => classOf(grams),
      price: ({ grams }: Parcel) => priceOf(classOf(grams)),
    },
  },
  questions: [
    {
      asks: 'on the way back to the subgraph where the entity comes from',
      query: '{ parcels { id price } }',
      data: {
        parcels: [
          { id: 'p1', price: 4 },
          { id: 'p2', price: 9 },
        ],
      },
      calls: [
        'depot: {parcels{__typename id}}',
        'depot: query($representations:[_Any!]!){_entities(representations:$representations){...on Parcel{category}}}',
        'scales: query($representations:[_Any!]!){_entities(representations:$representations){...on Parcel{grams}}}',
        'till: query($representations:[_Any!]!){_entities(representations:$representations){...on Parcel{price}}}',
      ],
      unlikeApollo: 'It asks for the category together with the parcels, before there is a weight.',
    },
    {
      asks: 'the same by way of an interface, and what is between selected as well',
      query: '{ some { id kind: price ... on Parcel { category } } }',
      data: {
        some: [
          { id: 'p1', kind: 4, category: 'light' },
          { id: 'p2', kind: 9, category: 'heavy' },
        ],
      },
      unlikeApollo: 'As above.',
    },
    {
      asks: 'only the one between',
      query: '{ parcels { category } }',
      data: { parcels: [{ category: 'light' }, { category: 'heavy' }] },
    },
    {
      asks: 'the first of them is not to be had',
      query: '{ parcels { id price } }',
      dead: ['scales'],
      data: {
        parcels: [
          { id: 'p1', price: null },
          { id: 'p2', price: null },
        ],
      },
      errors: [
        { path: ['parcels', 0, 'price'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['parcels', 1, 'price'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
      unlikeApollo: 'It asks for the category of an unknown weight.',
    },
  ],
}
