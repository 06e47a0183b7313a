import type { FederationCase } from '../federation-case.ts'

const paints = [{ color: 'RED', finish: 'MATT' }, { color: 'ULTRAVIOLET' }, { color: 'BLUE' }]

export const enums: FederationCase = {
  shows: 'values outside the API schema',
  subgraphs: {
    paints: {
      sdl: `
        type Query { paints: [Paint] strict: [Paint!] count: Int things: [Thing] }
        type Paint { color: Color sure: Color! all: [Color] }
        enum Color { RED BLUE ULTRAVIOLET @inaccessible }
        union Thing = Paint | Secret
        type Secret @inaccessible { code: String }`,
      resolvers: {
        Query: {
          paints: () => paints,
          strict: () => paints,
          things: () => [{ __typename: 'Paint', color: 'RED' }, { __typename: 'Secret' }],
        },
        Paint: { sure: ({ color }: { color: string }) => color, all: () => ['RED', 'ULTRAVIOLET'] },
        Thing: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      },
    },
  },
  monolith: {},
  questions: [
    {
      asks: 'a hidden enum value is null with an error that does not say it',
      query: '{ paints { color } }',
      data: { paints: [{ color: 'RED' }, { color: null }, { color: 'BLUE' }] },
      errors: [
        {
          path: ['paints', 1, 'color'],
          code: 'SUBGRAPH_INVALID_RESPONSE',
          message: 'The module that owns this field answered a value that does not fit its type.',
        },
      ],
      unlikeMonolith: 'it quotes the value',
    },
    {
      asks: 'in a list, and where it cannot be null',
      query: '{ paints { all } strict { sure } }',
      data: {
        paints: [{ all: ['RED', null] }, { all: ['RED', null] }, { all: ['RED', null] }],
        strict: null,
      },
      errors: [
        { path: ['paints', 0, 'all', 1] },
        { path: ['paints', 1, 'all', 1] },
        { path: ['paints', 2, 'all', 1] },
        { path: ['strict', 1, 'sure'] },
      ],
      unlikeMonolith: 'it quotes the value',
    },
    {
      asks: 'a hidden type behind a union',
      query: '{ things { ... on Paint { color } } }',
      data: { things: [{ color: 'RED' }, null] },
      errors: [
        {
          path: ['things', 1],
          message: 'The module that owns this field answered a value that does not fit its type.',
        },
      ],
      unlikeMonolith: 'it names the type',
    },
  ],
}
