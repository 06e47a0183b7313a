import type { FederationCase } from '../federation-case.ts'

const author = { id: '1', name: 'Ada', city: 'London' }

export const providesAndOverride: FederationCase = {
  shows: '@provides and @override',
  subgraphs: {
    articles: {
      sdl: `
        type Query { article: Article latest: Article @shareable }
        type Article @key(fields: "id") { id: ID! title: String author: Author @provides(fields: "name") views: Int editor: Author }
        type Author @key(fields: "id") { id: ID! name: String @external }`,
      resolvers: {
        Query: { article: () => ({ id: 'a' }), latest: () => ({ id: 'a' }) },
        Article: {
          title: () => 'On engines',
          author: () => author,
          editor: () => author,
          views: () => -1,
          __resolveReference: (reference: object) => reference,
        },
      },
    },
    authors: {
      sdl: 'type Author @key(fields: "id") { id: ID! name: String @shareable city: String }',
      resolvers: { Author: { __resolveReference: () => author } },
    },
    statistics: {
      sdl: 'type Article @key(fields: "id") { id: ID! views: Int @override(from: "articles") }',
      resolvers: { Article: { views: () => 42 } },
    },
  },
  monolith: {
    Query: { article: () => ({ title: 'On engines', author, editor: author, views: 42 }) },
  },
  questions: [
    {
      asks: 'a provided field costs no second call',
      query: '{ article { author { name } } }',
      data: { article: { author: { name: 'Ada' } } },
      calls: ['articles: {article{author{name}}}'],
    },
    {
      asks: 'a field that is not provided does',
      query: '{ article { editor { name } author { city name } title } }',
      data: {
        article: { editor: { name: 'Ada' }, author: { city: 'London', name: 'Ada' }, title: 'On engines' },
      },
    },
    {
      asks: 'the field comes from whoever overrides it',
      query: '{ article { views } }',
      data: { article: { views: 42 } },
    },
  ],
}
