import type { FederationCase } from '../federation-case.ts'

type Thing = { __typename: string; id?: string; code?: string }
const things: Thing[] = [
  { __typename: 'Book', id: 'b1' },
  { __typename: 'Film', id: 'f1' },
  { __typename: 'Voucher', code: 'v1' },
]
const typeOf = ({ __typename }: Thing) => __typename
const titles: Record<string, string> = { b1: 'Emma', f1: 'Alien' }
const title = ({ id }: { id: string }) => titles[id]

export const abstractTypes: FederationCase = {
  shows: 'interfaces and unions',
  subgraphs: {
    shelf: {
      sdl: `
        type Query { items: [Item] media: [Media!] newest: Media }
        union Item = Book | Film | Voucher
        interface Media { id: ID! }
        type Book implements Media @key(fields: "id") { id: ID! size: Int! }
        type Film implements Media @key(fields: "id") { id: ID! size: String }
        type Voucher { code: ID! }`,
      resolvers: {
        Query: { items: () => things, media: () => things.slice(0, 2), newest: () => things[1] },
        Item: { __resolveType: typeOf },
        Media: { __resolveType: typeOf },
        Book: { size: () => 1 },
        Film: { size: () => '2h' },
      },
    },
    titles: {
      sdl: `
        type Book @key(fields: "id") { id: ID! title: String pages: Int }
        type Film @key(fields: "id") { id: ID! title: String }`,
      resolvers: { Book: { title, pages: () => 300 }, Film: { title } },
    },
  },
  monolith: {
    Query: { items: () => things, media: () => things.slice(0, 2), newest: () => things[1] },
    Item: { __resolveType: typeOf },
    Media: { __resolveType: typeOf },
    Book: { title, pages: () => 300, size: () => 1 },
    Film: { title, size: () => '2h' },
  },
  questions: [
    {
      asks: 'fields of another subgraph, by type',
      query:
        '{ items { __typename ... on Book { title pages } ... on Film { title } ... on Voucher { code } ... on Media { id } } }',
      data: {
        items: [
          { __typename: 'Book', title: 'Emma', pages: 300, id: 'b1' },
          { __typename: 'Film', title: 'Alien', id: 'f1' },
          { __typename: 'Voucher', code: 'v1' },
        ],
      },
    },
    {
      asks: 'no fragment fits, and __typename under an alias alone',
      query: '{ items { ... on Book { pages } } media { kind: __typename } newest { ... on Book { id } } }',
      data: { items: [{ pages: 300 }, {}, {}], media: [{ kind: 'Book' }, { kind: 'Film' }], newest: {} },
    },
  ],
}
