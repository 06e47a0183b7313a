import type { FederationCase } from '../federation-case.ts'

const unlikeMonolith = 'one schema cannot answer with an interface that no object type implements'

export const interfacesWithoutTypes: FederationCase = {
  shows:
    'an interface that no object type implements, because it is an interface object wherever it is answered',
  subgraphs: {
    nodes: {
      sdl: `
        type Query { other: Int }
        interface Node @key(fields: "id") { id: ID! }`,
      resolvers: { Query: { other: () => 1 } },
    },
    fields: {
      sdl: `
        type Query { node: Node  nodes: [Node] }
        type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID!  field: String }`,
      resolvers: {
        Query: { node: () => ({ id: 'n1' }), nodes: () => [{ id: 'n1' }, null, { id: 'n2' }] },
        Node: { field: ({ id }: { id: string }) => `field of ${id}` },
      },
    },
  },
  monolith: {},
  questions: [
    {
      asks: 'what nobody needs the type for',
      query: '{ node { id field } nodes { a: field ... on Node { id } } }',
      data: {
        node: { id: 'n1', field: 'field of n1' },
        nodes: [{ a: 'field of n1', id: 'n1' }, null, { a: 'field of n2', id: 'n2' }],
      },
      unlikeMonolith,
    },
    {
      asks: 'introspection, which knows of no type either',
      query: '{ __type(name: "Node") { possibleTypes { name } } hidden: __type(name: "Node__Any") { name } }',
      data: { __type: { possibleTypes: [] }, hidden: null },
    },
  ],
}
