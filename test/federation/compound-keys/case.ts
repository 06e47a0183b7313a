import type { FederationCase } from '../federation-case.ts'

const stores = [
  { id: '1', region: { country: { code: 'de' }, zone: 'n' }, tags: ['a', 'b'], name: 'Kiel' },
  { id: '2', region: { country: { code: 'de' }, zone: 's' }, tags: [], name: 'Ulm' },
  { id: '3', region: null, tags: ['c'], name: 'Nowhere' },
]
type Key = { id: string; region: { country: { code: string }; zone: string }; tags: string[] }
const stockFor = ({ id, region, tags }: Key) =>
  `${id}/${region.country.code}/${region.zone}/${tags.join('+')}`

export const compoundKeys: FederationCase = {
  shows: 'compound and several keys',
  subgraphs: {
    stores: {
      sdl: `
        type Query { stores: [Store] }
        type Store @key(fields: "id region { zone country { code } } tags") { id: ID! region: Region tags: [String!]! name: String }
        type Region @shareable { country: Country! zone: String! }
        type Country @shareable { code: ID! }`,
      resolvers: { Query: { stores: () => stores } },
    },
    stock: {
      sdl: `
        type Store @key(fields: "id region { zone country { code } } tags") @key(fields: "sku") { id: ID! sku: ID! region: Region tags: [String!]! stock: String }
        type Region @shareable { country: Country! zone: String! }
        type Country @shareable { code: ID! }`,
      resolvers: {
        Store: {
          stock: (key: Key) => (key.region ? stockFor(key) : 'homeless'),
          sku: ({ id }: Key) => `sku${id}`,
        },
      },
    },
    prices: {
      sdl: 'type Store @key(fields: "sku") { sku: ID! price: String }',
      resolvers: { Store: { price: ({ sku }: { sku: string }) => `price of ${sku}` } },
    },
  },
  monolith: {
    Query: { stores: () => stores },
    Store: {
      stock: (key: Key) => (key.region ? stockFor(key) : 'homeless'),
      price: ({ id }: Key) => `price of sku${id}`,
    },
  },
  questions: [
    {
      asks: 'a nested key, none of it selected, and a second hop over another key',
      query: '{ stores { price stock name } }',
      data: {
        stores: [
          { price: 'price of sku1', stock: '1/de/n/a+b', name: 'Kiel' },
          { price: 'price of sku2', stock: '2/de/s/', name: 'Ulm' },
          { price: 'price of sku3', stock: 'homeless', name: 'Nowhere' },
        ],
      },
    },
    {
      asks: 'a part of the key under another name',
      query: '{ stores { region: name id: tags tags: id stock } }',
      data: {
        stores: [
          { region: 'Kiel', id: ['a', 'b'], tags: '1', stock: '1/de/n/a+b' },
          { region: 'Ulm', id: [], tags: '2', stock: '2/de/s/' },
          { region: 'Nowhere', id: ['c'], tags: '3', stock: 'homeless' },
        ],
      },
      unlikeApollo: 'takes the aliased fields for the key',
    },
  ],
}
