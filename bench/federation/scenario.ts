/**
 * A shop in four subgraphs, of the shape of the published federation benchmarks: short lists, entities met again and
 * again at every level of nesting, a field that needs two fields of another subgraph.
 */
const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key" "@external" "@requires"])\n'

export const subgraphSdl: Readonly<Record<string, string>> = {
  accounts: `${federation}
    type Query { viewer: User users: [User] }
    type User @key(fields: "id") { id: ID! name: String username: String joined: String }`,
  catalog: `${federation}
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  inventory: `${federation}
    type Product @key(fields: "upc") {
      upc: String!
      price: Int @external
      weight: Int @external
      inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  reviews: `${federation}
    type User @key(fields: "id") { id: ID! reviews: [Review] }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }
    type Review @key(fields: "id") { id: ID! body: String rating: Int author: User product: Product }`,
}

/** The same shop as one schema, for graphql-js to say what is right. */
export const monolithSdl = `
  type Query { viewer: User users: [User] topProducts(first: Int = 5): [Product] }
  type User { id: ID! name: String username: String joined: String reviews: [Review] }
  type Product {
    upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review]
  }
  type Review { id: ID! body: String rating: Int author: User product: Product }`

/** The big query: answered with about 90 KB, and by 16 fetches where a plan is carried out as Apollo's planner makes it. */
export const bigQuery = `query Shop {
  users {
    ...Person
    reviews {
      ...Opinion
      product { ...Article reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } } }
    }
  }
  topProducts {
    ...Article
    reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } }
  }
}
fragment Person on User { id username name }
fragment Opinion on Review { id body }
fragment Article on Product { upc name price weight inStock shippingEstimate }`

/** The smallest operation a gateway serves: one fetch, a short answer. */
export const oneFetchQuery = 'query Me { viewer { id username name } }'

export type User = { id: string; name: string; username: string; joined: string }
export type Product = { upc: string; name: string; price: number; weight: number; inStock: boolean }
export type Review = { id: string; body: string; rating: number; authorId: string; upc: string }

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald']
const things = ['Table', 'Couch', 'Chair', 'Lamp', 'Shelf']
const opinions = [
  'Love it, and so does everybody in the house',
  'Too expensive for what it is, all in all',
  'Could be better, could be a good deal worse',
]

export const users: readonly User[] = names.map((name, index) => ({
  id: `u${index + 1}`,
  name: `${name} Example`,
  username: `@${name.toLowerCase()}`,
  joined: `20${10 + index}-03-01`,
}))

export const products: readonly Product[] = things.map((name, index) => ({
  upc: `p${index + 1}`,
  name,
  price: 199 + 350 * index,
  weight: 100 + 450 * index,
  inStock: index % 2 === 0,
}))

/** Every user has something to say of four products. */
export const reviews: readonly Review[] = users.flatMap(({ id: authorId }, user) =>
  Array.from({ length: 4 }, (_, index) => ({
    id: `r${user + 1}-${index + 1}`,
    body: opinions[(user + index) % opinions.length] ?? '',
    rating: 1 + ((user + index) % 5),
    authorId,
    upc: products[(user * 2 + index) % products.length]?.upc ?? '',
  })),
)

/** In cents: heavy things cost, except dear ones. */
export function shippingEstimate({ price, weight }: { price: number; weight: number }): number {
  return price > 1_000 ? 0 : Math.round(weight * 0.5)
}
