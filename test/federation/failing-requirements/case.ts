import { GraphQLError } from 'graphql'
import type { FederationCase } from '../federation-case.ts'

const products = [{ id: '1' }, { id: '2' }]
type Product = { id: string; price?: number; serial?: string }

function unless2<Value>(id: string, value: Value): Value {
  if (id === '2') throw new GraphQLError('Lost.', { extensions: { code: 'LOST' } })
  return value
}
const price = ({ id }: Product) => unless2(id, 9)
const serial = ({ id }: Product) => unless2(id, `S-${id}`)
const stock = ({ id }: Product) => Number(id) * 10

const ofProducts = (fields: (Record<string, unknown> | null)[]) => ({ products: fields })

export const failingRequirements: FederationCase = {
  shows: 'a required field that fails',
  subgraphs: {
    shop: {
      sdl: `type Query { products: [Product] }
        type Product @key(fields: "id") { id: ID! price: Int serial: String! }`,
      resolvers: { Query: { products: () => products }, Product: { price, serial } },
    },
    store: {
      sdl: `type Product @key(fields: "id") {
        id: ID!
        price: Int @external
        serial: String! @external
        stock: Int
        worth: Int @requires(fields: "price")
        label: String @requires(fields: "serial")
      }`,
      resolvers: {
        Product: {
          stock,
          worth: ({ id, price: one }: Product) => Number(one) * Number(id) * 10,
          label: ({ serial: text }: Product) => `#${text}`,
        },
      },
    },
  },
  monolith: {
    Query: { products: () => products },
    Product: {
      price,
      serial,
      stock,
      worth: (product: Product) => price(product) * stock(product),
      label: (product: Product) => `#${serial(product)}`,
    },
  },
  questions: [
    {
      asks: 'what requires it fails with it, and nothing else',
      query: '{ products { stock worth } }',
      data: ofProducts([
        { stock: 10, worth: 90 },
        { stock: 20, worth: null },
      ]),
      errors: [{ path: ['products', 1, 'worth'], code: 'LOST' }],
      unlikeApollo: 'It asks for the worth with a price of null.',
      calls: [
        'shop: {products{__typename id price}}',
        'store: query($representations:[_Any!]!){_entities(representations:$representations){...on Product{stock}}}',
        'store: query($representations:[_Any!]!){_entities(representations:$representations){...on Product{stock worth}}}',
      ],
    },
    {
      asks: 'one that may not be null takes its object along',
      query: '{ products { stock label } }',
      data: ofProducts([{ stock: 10, label: '#S-1' }, null]),
      errors: [{ path: ['products', 1], code: 'LOST' }],
      unlikeMonolith:
        'The subgraph answers null for the whole product: there is no key left to ask further by.',
    },
  ],
}
