import type { FederationCase } from '../federation-case.ts'

const media = [
  { __typename: 'Book', id: 'b1', title: 'Emma' },
  { __typename: 'Film', id: 'f1', title: 'Alien' },
]
const find = ({ id }: { id: string }) => media.find((one) => one.id === id)
const typeOf = ({ __typename }: { __typename: string }) => __typename
const stars: Record<string, number> = { b1: 5, f1: 4 }

const praise = ({ title }: { title: string }) => `${title}!`

export const interfaceObjects: FederationCase = {
  shows: 'interface objects',
  subgraphs: {
    library: {
      sdl: `
        type Query { media: [Media] }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }
        type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
      resolvers: {
        Query: { media: () => media },
        Media: { __resolveType: typeOf, __resolveReference: find },
        Book: { __resolveReference: find },
        Film: { __resolveReference: find, minutes: () => 117 },
      },
    },
    ratings: {
      sdl: `
        type Query { best: Media rated: [Media!] }
        type Media @key(fields: "id") @interfaceObject {
          id: ID!
          title: String @external
          stars: Int
          praise: String @requires(fields: "title")
        }`,
      resolvers: {
        Query: { best: () => ({ id: 'b1' }), rated: () => [{ id: 'b1' }, { id: 'f1' }] },
        Media: {
          stars: ({ id }: { id: string }) => stars[id],
          praise: ({ title }: { title: string }) => `${title}!`,
        },
      },
    },
  },
  monolith: {
    Query: { media: () => media, best: () => media[0], rated: () => media },
    Media: { __resolveType: typeOf },
    Book: { stars: ({ id }: { id: string }) => stars[id], praise },
    Film: { stars: ({ id }: { id: string }) => stars[id], minutes: () => 117, praise },
  },
  questions: [
    {
      asks: 'the fields it adds',
      query: '{ media { id stars ... on Film { minutes } } }',
      data: {
        media: [
          { id: 'b1', stars: 5 },
          { id: 'f1', stars: 4, minutes: 117 },
        ],
      },
    },
    {
      asks: 'the object type behind it, under several names',
      query:
        '{ best { a: __typename __typename b: __typename stars } rated { t: __typename title ... on Film { minutes } stars } }',
      data: {
        best: { a: 'Book', __typename: 'Book', b: 'Book', stars: 5 },
        rated: [
          { t: 'Book', title: 'Emma', stars: 5 },
          { t: 'Film', title: 'Alien', minutes: 117, stars: 4 },
        ],
      },
    },
    {
      asks: 'whoever knows the object type is dead',
      dead: ['library'],
      query: '{ best { __typename stars } }',
      data: { best: null },
      errors: [{ path: ['best'], code: 'SUBGRAPH_UNAVAILABLE' }],
    },
    {
      asks: 'only its own fields, where nobody needs to know the object type',
      query: '{ best { stars } rated { ... on Media { stars } } }',
      data: { best: { stars: 5 }, rated: [{ stars: 5 }, { stars: 4 }] },
      calls: ['ratings: {best{stars}rated{stars}}'],
    },
    {
      asks: 'a field that requires one of the interface, where an interface object is the way in',
      query: '{ rated { praise } }',
      data: { rated: [{ praise: 'Emma!' }, { praise: 'Alien!' }] },
    },
  ],
}
