import type { FederationCase } from '../federation-case.ts'

const media = [
  { __typename: 'Book', id: 'b1', title: 'Emma' },
  { __typename: 'Film', id: 'f1', title: 'Alien' },
]
type Medium = { __typename?: string; id: string; title?: string }
const find = ({ id }: Medium) => media.find((one) => one.id === id)
const typeOf = ({ __typename }: Medium) => __typename

const stars = ({ id }: Medium) => (id === 'b1' ? 5 : 4)
const praise = ({ title }: Medium) => `${title}!`
const shelf = { id: 's1' }

export const interfaceObjectConditions: FederationCase = {
  shows: 'conditions on types behind an interface object',
  subgraphs: {
    library: {
      sdl: `
        type Query { media: [Media] shelf: Shelf }
        type Shelf @key(fields: "id") { id: ID! }
        interface Media @key(fields: "id") { id: ID! title: String }
        union Paper = Book | Letter
        type Letter { text: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }
        type Film implements Media @key(fields: "id") { id: ID! title: String }`,
      resolvers: {
        Query: { media: () => media, shelf: () => shelf },
        Media: { __resolveType: typeOf, __resolveReference: find },
        Book: { __resolveReference: find },
        Film: { __resolveReference: find },
      },
    },
    ratings: {
      sdl: `
        type Shelf @key(fields: "id") { id: ID! best: Media rated: [Media!] }
        type Media @key(fields: "id") @interfaceObject {
          id: ID!
          title: String @external
          stars: Int
          praise: String @requires(fields: "title")
        }`,
      resolvers: {
        Shelf: { best: () => ({ id: 'b1' }), rated: () => [{ id: 'b1' }, { id: 'f1' }] },
        Media: { stars, praise },
      },
    },
  },
  monolith: {
    Query: { media: () => media, shelf: () => shelf },
    Shelf: { best: () => media[0], rated: () => media },
    Media: { __resolveType: typeOf },
    Book: { stars, praise },
    Film: { stars, praise },
  },
  questions: [
    {
      asks: 'one object type alone, and of that what requires a field',
      query: '{ media { ... on Film { stars praise } } }',
      data: { media: [{}, { stars: 4, praise: 'Alien!' }] },
    },
    {
      asks: 'the same where the others have what is required',
      query: '{ media { title ... on Film { praise } } }',
      data: { media: [{ title: 'Emma' }, { title: 'Alien', praise: 'Alien!' }] },
      unlikeApollo: 'It sends a representation of the book that has no key, and all fail.',
    },
    {
      asks: 'a union that some of the object types are members of',
      query:
        '{ shelf { best { stars ... on Paper { a: __typename ... on Letter { text } ... on Media { praise } } } } }',
      data: { shelf: { best: { stars: 5, a: 'Book', praise: 'Emma!' } } },
      unlikeApollo: 'It cannot be planned.',
    },
    {
      asks: 'an object type of which nothing is selected after all',
      query:
        'query ($on: Boolean!) { shelf { best { stars ... on Film { title @include(if: $on) @skip(if: $on) } } } }',
      variables: { on: true },
      data: { shelf: { best: { stars: 5 } } },
    },
    {
      asks: 'a union in a fragment with a condition',
      query: `query ($on: Boolean!) { shelf { rated { ...Printed @include(if: $on) id } } }
        fragment Printed on Paper { __typename ... on Book { stars } ... on Media { praise } }`,
      variables: { on: true },
      data: { shelf: { rated: [{ __typename: 'Book', stars: 5, praise: 'Emma!', id: 'b1' }, { id: 'f1' }] } },
      unlikeApollo: 'It cannot be planned.',
    },
  ],
}
