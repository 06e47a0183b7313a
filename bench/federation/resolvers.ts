import { buildSubgraphSchema } from '@apollo/subgraph'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { type GraphQLSchema, parse } from 'graphql'
import {
  monolithSdl,
  type Product,
  products,
  type Review,
  reviews,
  shippingEstimate,
  subgraphSdl,
  type User,
  users,
} from './scenario.ts'

const userOf = ({ id }: { id: string }) => users.find((user) => user.id === id)
const productOf = ({ upc }: { upc: string }) => products.find((product) => product.upc === upc)

const accounts = {
  Query: { viewer: () => users[0], users: () => users },
  User: { __resolveReference: userOf },
}

const catalog = {
  Query: { topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first) },
  Product: { __resolveReference: productOf },
}

const inventory = {
  Product: {
    __resolveReference: (reference: { upc: string; price?: number; weight?: number }) => ({
      ...reference,
      inStock: productOf(reference)?.inStock,
    }),
    shippingEstimate: (product: Product) => shippingEstimate(product),
  },
}

const reviewFields = {
  User: { reviews: ({ id }: User) => reviews.filter(({ authorId }) => authorId === id) },
  Product: { reviews: ({ upc }: Product) => reviews.filter((review) => review.upc === upc) },
}

const reviewsOfOthers = {
  ...reviewFields,
  Review: {
    author: ({ authorId }: Review) => ({ id: authorId }),
    product: ({ upc }: Review) => ({ upc }),
  },
}

const resolvers: Readonly<Record<string, object>> = { accounts, catalog, inventory, reviews: reviewsOfOthers }

/** The real subgraphs: what the canned answers are recorded from. */
export function buildSubgraphSchemas(): ReadonlyMap<string, GraphQLSchema> {
  return new Map(
    Object.entries(subgraphSdl).map(([name, sdl]) => [
      name,
      buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers[name] as typeof catalog }]),
    ]),
  )
}

export function buildMonolith(): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs: monolithSdl,
    resolvers: {
      Query: { ...accounts.Query, ...catalog.Query },
      User: reviewFields.User,
      Product: { ...reviewFields.Product, shippingEstimate: inventory.Product.shippingEstimate },
      Review: {
        author: ({ authorId }: Review) => userOf({ id: authorId }),
        product: (review: Review) => productOf(review),
      },
    },
  })
}
