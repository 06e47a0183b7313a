import type { FederationCase } from '../federation-case.ts'

const products = [
  { id: '1', sku: 'a', stock: 3, price: 10 },
  { id: '2', sku: 'b', stock: 0, price: 20 },
]
const bySku = ({ sku }: { sku: string }) => products.find((product) => product.sku === sku)
const byId = ({ id }: { id: string }) => products.find((product) => product.id === id)

type Labelled = { price: number; stock: number }
const label = ({ price, stock }: Labelled) => (stock > 0 ? `${stock} at ${price}` : 'sold out')
function takeStock({ sku, stock }: { sku: string; stock: number }) {
  const product = bySku({ sku })
  return product && { ...product, stock }
}

export const resolvableKeys: FederationCase = {
  shows: 'keys that a subgraph names and cannot resolve',
  subgraphs: {
    prices: {
      sdl: `
        type Query { offers: [Product!]! }
        type Product @key(fields: "id", resolvable: false) @key(fields: "sku") {
          id: ID!
          sku: ID!
          price: Int
          stock: Int @external
          label: String @requires(fields: "stock")
        }`,
      resolvers: {
        Query: { offers: () => products },
        Product: { __resolveReference: takeStock, label: (product: Labelled) => label(product) },
      },
    },
    stocks: {
      sdl: `
        type Query { stocked: [Product!]! }
        type Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! @shareable stock: Int }`,
      resolvers: { Query: { stocked: () => products }, Product: { __resolveReference: byId } },
    },
    links: {
      sdl: `
        type Query { linked: [Product!]! }
        type Product @key(fields: "id", resolvable: false) { id: ID! }`,
      resolvers: { Query: { linked: () => products } },
    },
  },
  monolith: {
    Query: { offers: () => products, stocked: () => products, linked: () => products },
    Product: { label },
  },
  questions: [
    {
      asks: 'the hop goes by the key that can be resolved',
      query: '{ stocked { stock price } }',
      data: {
        stocked: [
          { stock: 3, price: 10 },
          { stock: 0, price: 20 },
        ],
      },
    },
    {
      asks: 'from a subgraph that has only a key it cannot resolve itself',
      query: '{ linked { id price stock } }',
      data: {
        linked: [
          { id: '1', price: 10, stock: 3 },
          { id: '2', price: 20, stock: 0 },
        ],
      },
    },
    {
      asks: 'the hop back for a field that requires another subgraph’s',
      query: '{ offers { label } }',
      data: { offers: [{ label: '3 at 10' }, { label: 'sold out' }] },
      unlikeApollo: 'hops back by the key that cannot be resolved',
    },
    {
      asks: 'back and forth',
      query: '{ offers { price stock } }',
      data: {
        offers: [
          { price: 10, stock: 3 },
          { price: 20, stock: 0 },
        ],
      },
    },
  ],
}
