import type { FederationCase } from '../federation-case.ts'

const users = [
  { id: '1', name: 'Ada' },
  { id: '2', name: 'Grace' },
]
const reviews = [
  { id: 'r1', body: 'Good', authorId: '1', upc: 'p1' },
  { id: 'r2', body: 'Better', authorId: '2', upc: 'p1' },
  { id: 'r3', body: 'Best', authorId: '1', upc: 'p2' },
]
const products = [
  { upc: 'p1', title: 'Table' },
  { upc: 'p2', title: 'Chair' },
]
const reviewsOf = (id: string) => reviews.filter(({ authorId }) => authorId === id)
const findUser = ({ id }: { id: string }) => users.find((user) => user.id === id)
const findProduct = ({ upc }: { upc: string }) => products.find((product) => product.upc === upc)

export const nestedEntities: FederationCase = {
  shows: 'entities within entities',
  subgraphs: {
    users: {
      sdl: `
        type Query { me: User users: [User!] user(id: ID!): User }
        type User @key(fields: "id") { id: ID! name: String! }`,
      resolvers: {
        Query: { me: () => users[0], users: () => users, user: (_, args: { id: string }) => findUser(args) },
        User: { __resolveReference: findUser },
      },
    },
    reviews: {
      sdl: `
        type User @key(fields: "id") { id: ID! reviews(first: Int = 10): [Review!] }
        type Product @key(fields: "upc") { upc: ID! reviews: [Review!] }
        type Review @key(fields: "id") { id: ID! body: String author: User product: Product }`,
      resolvers: {
        User: {
          reviews: ({ id }: { id: string }, { first }: { first: number }) => reviewsOf(id).slice(0, first),
        },
        Product: { reviews: ({ upc }: { upc: string }) => reviews.filter((review) => review.upc === upc) },
        Review: {
          __resolveReference: ({ id }: { id: string }) => reviews.find((review) => review.id === id),
          author: ({ authorId }: { authorId: string }) => ({ id: authorId }),
          product: ({ upc }: { upc: string }) => ({ upc }),
        },
      },
    },
    products: {
      sdl: `
        type Query { product(upc: ID!): Product }
        type Product @key(fields: "upc") { upc: ID! title: String }`,
      resolvers: {
        Query: { product: (_, args: { upc: string }) => findProduct(args) },
        Product: { __resolveReference: findProduct },
      },
    },
  },
  monolith: {
    Query: {
      me: () => users[0],
      users: () => users,
      user: (_, args: { id: string }) => findUser(args),
      product: (_, args: { upc: string }) => findProduct(args),
    },
    User: {
      reviews: ({ id }: { id: string }, { first }: { first: number }) => reviewsOf(id).slice(0, first),
    },
    Product: { reviews: ({ upc }: { upc: string }) => reviews.filter((review) => review.upc === upc) },
    Review: {
      author: ({ authorId }: { authorId: string }) => findUser({ id: authorId }),
      product: findProduct,
    },
  },
  questions: [
    {
      asks: 'three subgraphs deep, every entity asked for once',
      query: '{ users { reviews { product { title reviews { author { name } } } } name } }',
      data: {
        users: [
          {
            reviews: [
              {
                product: {
                  title: 'Table',
                  reviews: [{ author: { name: 'Ada' } }, { author: { name: 'Grace' } }],
                },
              },
              { product: { title: 'Chair', reviews: [{ author: { name: 'Ada' } }] } },
            ],
            name: 'Ada',
          },
          {
            reviews: [
              {
                product: {
                  title: 'Table',
                  reviews: [{ author: { name: 'Ada' } }, { author: { name: 'Grace' } }],
                },
              },
            ],
            name: 'Grace',
          },
        ],
      },
    },
    {
      asks: 'a missing entity is null and asks nothing more',
      query: '{ user(id: "9") { name reviews { body } } }',
      data: { user: null },
      calls: ['users: query($id__root1:ID!){user(id:$id__root1){__typename id name}}'],
    },
    {
      asks: 'a fragment, twice the same field, and the order of the selection',
      query: `query ($first: Int) { me { ...Written name reviews(first: $first) { id } } product(upc: "p2") { upc title } }
        fragment Written on User { reviews(first: $first) { body } id }`,
      variables: { first: 1 },
      data: {
        me: { reviews: [{ body: 'Good', id: 'r1' }], id: '1', name: 'Ada' },
        product: { upc: 'p2', title: 'Chair' },
      },
    },
    {
      asks: 'a default, a null and an absent variable stay what they are',
      query:
        'query ($a: Int = 1, $b: Int) { me { a: reviews(first: $a) { id } b: reviews(first: $b) { id } } }',
      data: { me: { a: [{ id: 'r1' }], b: [{ id: 'r1' }, { id: 'r3' }] } },
    },
    {
      asks: 'aliases everywhere, taken from keys and from properties of objects',
      query: `{ constructor: me { id: name name: id __proto__: reviews { toString: body valueOf: product { hasOwnProperty: title } } } }`,
      data: JSON.parse(`{ "constructor": { "id": "Ada", "name": "1", "__proto__": [
        { "toString": "Good", "valueOf": { "hasOwnProperty": "Table" } },
        { "toString": "Best", "valueOf": { "hasOwnProperty": "Chair" } } ] } }`),
      unlikeApollo: 'takes the aliased name for the id',
    },
    {
      asks: '__typename under aliases, and introspection beside data',
      query: `{ __typename root: __typename me { type: __typename __typename reviews { kind: __typename author { t: __typename } } }
        __schema { queryType { name } } user: __type(name: "User") { kind } hidden: __type(name: "_Entity") { name } }`,
      data: {
        __typename: 'Query',
        root: 'Query',
        me: {
          type: 'User',
          __typename: 'User',
          reviews: [
            { kind: 'Review', author: { t: 'User' } },
            { kind: 'Review', author: { t: 'User' } },
          ],
        },
        __schema: { queryType: { name: 'Query' } },
        user: { kind: 'OBJECT' },
        hidden: null,
      },
    },
    {
      asks: 'only introspection',
      query: '{ __schema { queryType { name } } }',
      data: { __schema: { queryType: { name: 'Query' } } },
      calls: [],
    },
    {
      asks: 'a dead subgraph nulls its own fields, each with its path',
      dead: ['reviews'],
      query: '{ users { name written: reviews { body } } product(upc: "p1") { title reviews { id } } }',
      data: {
        users: [
          { name: 'Ada', written: null },
          { name: 'Grace', written: null },
        ],
        product: { title: 'Table', reviews: null },
      },
      errors: [
        {
          path: ['users', 0, 'written'],
          code: 'SUBGRAPH_UNAVAILABLE',
          message: 'The module "reviews" cannot be reached.',
        },
        { path: ['users', 1, 'written'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['product', 'reviews'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
    {
      asks: 'a dead subgraph at the root',
      dead: ['users'],
      query: '{ me { name } product(upc: "p1") { title } everybody: users { id } }',
      data: { me: null, product: { title: 'Table' }, everybody: null },
      errors: [
        { path: ['everybody'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['me'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
    {
      asks: 'a dead subgraph in the middle: what it was to lead to is null',
      dead: ['products'],
      query: '{ me { reviews { body product { upc title } } } }',
      data: {
        me: {
          reviews: [
            { body: 'Good', product: { upc: 'p1', title: null } },
            { body: 'Best', product: { upc: 'p2', title: null } },
          ],
        },
      },
      errors: [
        { path: ['me', 'reviews', 0, 'product', 'title'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['me', 'reviews', 1, 'product', 'title'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
    {
      asks: 'a dead subgraph with a field that cannot be null: the null goes up, once',
      dead: ['users'],
      query: '{ product(upc: "p1") { reviews { body author { name } } } }',
      data: {
        product: {
          reviews: [
            { body: 'Good', author: null },
            { body: 'Better', author: null },
          ],
        },
      },
      errors: [
        { path: ['product', 'reviews', 0, 'author', 'name'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['product', 'reviews', 1, 'author', 'name'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
  ],
}
