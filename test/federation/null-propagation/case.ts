import type { FederationCase } from '../federation-case.ts'

const nodes = [{ id: '1' }, { id: '2' }]
const known: Record<string, { id: string; name: string; nick: string | null }> = {
  '1': { id: '1', name: 'Ada', nick: null },
}

export const nullPropagation: FederationCase = {
  shows: 'nulls where none may be',
  subgraphs: {
    nodes: {
      sdl: 'type Query { soft: [Node] hard: [Node!]! one: Node sure: Node! } type Node @key(fields: "id") { id: ID! }',
      resolvers: {
        Query: { soft: () => nodes, hard: () => nodes, one: () => nodes[1], sure: () => nodes[1] },
      },
    },
    names: {
      sdl: 'type Node @key(fields: "id") { id: ID! name: String! nick: String }',
      resolvers: { Node: { __resolveReference: ({ id }: { id: string }) => known[id] ?? null } },
    },
  },
  monolith: {
    Query: { soft: () => nodes, hard: () => nodes, one: () => nodes[1], sure: () => nodes[1] },
    Node: {
      name: ({ id }: { id: string }) => known[id]?.name,
      nick: ({ id }: { id: string }) => known[id]?.nick,
    },
  },
  questions: [
    {
      asks: 'an unknown entity: a nullable field is null, and no error',
      query: '{ soft { id nick } }',
      data: {
        soft: [
          { id: '1', nick: null },
          { id: '2', nick: null },
        ],
      },
    },
    {
      asks: 'an unknown entity: a field that cannot be null nulls what holds it',
      query: '{ soft { id n: name } one { name } }',
      data: { soft: [{ id: '1', n: 'Ada' }, null], one: null },
      errors: [
        {
          path: ['one', 'name'],
          code: 'SUBGRAPH_INVALID_RESPONSE',
          message: 'Cannot return null for non-nullable field Node.name.',
        },
        { path: ['soft', 1, 'n'], code: 'SUBGRAPH_INVALID_RESPONSE' },
      ],
    },
    {
      asks: 'up to the whole answer',
      query: '{ one { id } hard { name } }',
      data: null,
      errors: [{ path: ['hard', 1, 'name'] }],
    },
  ],
}
