import type { FederationCase } from '../federation-case.ts'

const grid = [[{ id: 'a' }, null], null, [{ id: 'b' }, { id: 'a' }], []]
const colors: Record<string, string> = { a: 'red', b: 'blue' }

export const listsOfLists: FederationCase = {
  shows: 'lists of lists',
  subgraphs: {
    board: {
      sdl: 'type Query { grid: [[Cell]] cube: [[[Cell!]!]] numbers: [[Int]] } type Cell @key(fields: "id") { id: ID! }',
      resolvers: {
        Query: {
          grid: () => grid,
          cube: () => [[[{ id: 'a' }], []], [[{ id: 'b' }]]],
          numbers: () => [[1, null], null],
        },
      },
    },
    paint: {
      sdl: 'type Cell @key(fields: "id") { id: ID! color: String }',
      resolvers: { Cell: { color: ({ id }: { id: string }) => colors[id] } },
    },
  },
  monolith: {
    Query: {
      grid: () => grid,
      cube: () => [[[{ id: 'a' }], []], [[{ id: 'b' }]]],
      numbers: () => [[1, null], null],
    },
    Cell: { color: ({ id }: { id: string }) => colors[id] },
  },
  questions: [
    {
      asks: 'entities in nested lists with holes',
      query: '{ grid { color id } cube { color } numbers }',
      data: {
        grid: [
          [{ color: 'red', id: 'a' }, null],
          null,
          [
            { color: 'blue', id: 'b' },
            { color: 'red', id: 'a' },
          ],
          [],
        ],
        cube: [[[{ color: 'red' }], []], [[{ color: 'blue' }]]],
        numbers: [[1, null], null],
      },
    },
    {
      asks: 'the paths of a dead subgraph in nested lists',
      dead: ['paint'],
      query: '{ grid { color } }',
      data: { grid: [[{ color: null }, null], null, [{ color: null }, { color: null }], []] },
      errors: [
        { path: ['grid', 0, 0, 'color'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['grid', 2, 0, 'color'], code: 'SUBGRAPH_UNAVAILABLE' },
        { path: ['grid', 2, 1, 'color'], code: 'SUBGRAPH_UNAVAILABLE' },
      ],
    },
  ],
}
