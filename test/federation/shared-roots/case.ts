import type { FederationCase } from '../federation-case.ts'

function broken(): never {
  throw new Error('Broken.')
}

export const sharedRoots: FederationCase = {
  shows: 'a root field that several subgraphs answer in part',
  subgraphs: {
    names: {
      sdl: `type Query { product: Product @shareable products: [Product!] @shareable broken: Product @shareable }
        type Product @shareable { id: ID! name: String detail: Detail } type Detail @shareable { size: Int }`,
      resolvers: {
        Query: { product: () => ({ id: '1' }), products: () => [{ id: '1' }, { id: '2' }], broken },
        Product: { name: ({ id }: { id: string }) => `name ${id}`, detail: () => ({ size: 3 }) },
      },
    },
    prices: {
      sdl: `type Query { product: Product @shareable products: [Product!] @shareable broken: Product @shareable }
        type Product @shareable { id: ID! price: Int detail: Detail } type Detail @shareable { weight: Int }`,
      resolvers: {
        Query: { product: () => ({ id: '1' }), products: () => [{ id: '1' }, { id: '2' }], broken },
        Product: { price: ({ id }: { id: string }) => Number(id) * 10, detail: () => ({ weight: 7 }) },
      },
    },
  },
  monolith: {
    Query: { product: () => ({ id: '1' }), products: () => [{ id: '1' }, { id: '2' }], broken },
    Product: {
      name: ({ id }: { id: string }) => `name ${id}`,
      price: ({ id }: { id: string }) => Number(id) * 10,
      detail: () => ({ size: 3, weight: 7 }),
    },
  },
  questions: [
    {
      asks: 'both parts, lists too',
      query: '{ products { price name detail { weight size } } product { name price } }',
      data: {
        products: [
          { price: 10, name: 'name 1', detail: { weight: 7, size: 3 } },
          { price: 20, name: 'name 2', detail: { weight: 7, size: 3 } },
        ],
        product: { name: 'name 1', price: 10 },
      },
    },
    {
      asks: 'one of them dead: only its part is null',
      dead: ['prices'],
      query: '{ products { price name detail { weight size } } }',
      data: {
        products: [
          { price: null, name: 'name 1', detail: { weight: null, size: 3 } },
          { price: null, name: 'name 2', detail: { weight: null, size: 3 } },
        ],
      },
      errors: [
        { path: ['products', 0, 'price'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['products', 0, 'detail', 'weight'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['products', 1, 'price'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['products', 1, 'detail', 'weight'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
    {
      asks: 'both fail: one error for the one place',
      query: '{ broken { price name } }',
      data: { broken: null },
      errors: [{ path: ['broken'], message: 'Broken.' }],
    },
  ],
}
