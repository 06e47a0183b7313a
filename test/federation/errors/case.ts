import { GraphQLError } from 'graphql'
import type { FederationCase } from '../federation-case.ts'

const rows = [{ id: '1' }, { id: '2' }, { id: '1' }]
function fail(): never {
  throw new GraphQLError('No such shelf.', {
    extensions: { code: 'NO_SHELF', shelf: 7, stacktrace: ['at home'] },
  })
}
function failFor2({ id }: { id: string }) {
  if (id === '2') fail()
  return `value ${id}`
}

export const errors: FederationCase = {
  shows: 'errors of subgraphs',
  subgraphs: {
    rows: {
      sdl: `
        type Query { rows: [Row] row: Row broken: Row strict: Row }
        type Row @key(fields: "id") { id: ID! own: String deep: Deep }
        type Deep { sure: String! }`,
      resolvers: {
        Query: { rows: () => rows, row: () => rows[1], broken: fail, strict: () => rows[0] },
        Row: { own: failFor2, deep: () => ({}) },
        Deep: { sure: fail },
      },
    },
    values: {
      sdl: `type Row @key(fields: "id") { id: ID! value: String sure: String! values: [String] items: [Item!] reference: String }
        type Item { name: String! }`,
      resolvers: {
        Row: {
          __resolveReference: (row: { id: string }) => row,
          value: failFor2,
          sure: failFor2,
          values: ({ id }: { id: string }) => ['a', new GraphQLError(`hole ${id}`)],
          items: () => [{ name: 'x' }, {}],
        },
      },
    },
    lost: {
      sdl: 'type Row @key(fields: "id") { id: ID! one: String two: String }',
      resolvers: {
        Row: {
          async __resolveReference({ id }: { id: string }) {
            if (id === '2') fail()
            return id === '1' ? null : { id }
          },
        },
      },
    },
  },
  monolith: {
    Query: { rows: () => rows, row: () => rows[1], broken: fail, strict: () => rows[0] },
    Row: {
      own: failFor2,
      value: failFor2,
      sure: failFor2,
      deep: () => ({}),
      values: ({ id }: { id: string }) => ['a', new GraphQLError(`hole ${id}`)],
      items: () => [{ name: 'x' }, {}],
    },
    Deep: { sure: fail },
  },
  questions: [
    {
      asks: 'at the root, with code and extensions, in the alias of the client',
      query: '{ it: broken { id } row { mine: own } }',
      data: { it: null, row: { mine: null } },
      errors: [
        { path: ['it'], code: 'NO_SHELF', message: 'No such shelf.' },
        { path: ['row', 'mine'], code: 'NO_SHELF' },
      ],
    },
    {
      asks: 'of an entity, at every place it stands',
      query: '{ list: rows { text: value } again: row { value } }',
      data: { list: [{ text: 'value 1' }, { text: null }, { text: 'value 1' }], again: { value: null } },
      errors: [
        { path: ['again', 'value'], code: 'NO_SHELF' },
        { path: ['list', 1, 'text'], code: 'NO_SHELF' },
      ],
    },
    {
      asks: 'of a field of an entity that cannot be null',
      query: '{ rows { id sure } }',
      data: { rows: [{ id: '1', sure: 'value 1' }, null, { id: '1', sure: 'value 1' }] },
      errors: [{ path: ['rows', 1, 'sure'], code: 'NO_SHELF' }],
    },
    {
      asks: 'below a null that came up within the subgraph',
      query: '{ strict { d: deep { s: sure } items { n: name } } }',
      data: { strict: { d: null, items: null } },
      errors: [{ path: ['strict', 'd', 's'], code: 'NO_SHELF' }, { path: ['strict', 'items', 1, 'n'] }],
    },
    {
      asks: 'of an element of a list, for every place of the entity',
      query: '{ rows { values } }',
      data: { rows: [{ values: ['a', null] }, { values: ['a', null] }, { values: ['a', null] }] },
      errors: [
        { path: ['rows', 0, 'values', 1], message: 'hole 1' },
        { path: ['rows', 1, 'values', 1], message: 'hole 2' },
        { path: ['rows', 2, 'values', 1], message: 'hole 1' },
      ],
    },
    {
      asks: 'of a reference: all its fields; of an unknown entity: none',
      query: '{ rows { one zwei: two } }',
      data: {
        rows: [
          { one: null, zwei: null },
          { one: null, zwei: null },
          { one: null, zwei: null },
        ],
      },
      errors: [
        { path: ['rows', 1, 'one'], code: 'NO_SHELF' },
        { path: ['rows', 1, 'zwei'], code: 'NO_SHELF' },
      ],
      unlikeMonolith: 'one schema has no references',
    },
  ],
}
