import type { FederationCase } from '../federation-case.ts'

type Comment = { id: string; author: string }
type Post = { id: string; comments: Comment[] }
const posts: Post[] = [
  { id: '1', comments: ['ann', 'ben', 'cem'].map((author, index) => ({ id: `c${index}`, author })) },
  { id: '2', comments: [{ id: 'c3', author: 'dia' }] },
]
const find = ({ id }: { id: string }) => posts.find((post) => post.id === id)
const comments = (post: Post, { limit, from }: { limit: number; from: number }) =>
  post.comments.slice(from, from + limit)
const authors = (found: Comment[]) => found.map(({ author }) => author).join()
const ids = (found: Comment[]) => found.map(({ id }) => id).join()
const all = { limit: 9, from: 0 }
function moods({ id }: { id: string }, { of }: { of: string }) {
  if (of === 'FIRST' && id === '2') throw new Error('No mood.')
  return `${of} of ${id}`
}

export const requiredArguments: FederationCase = {
  shows: '@requires of a field with arguments',
  subgraphs: {
    posts: {
      sdl: `
        type Query { posts: [Post!]! post(id: ID!): Post }
        type Mutation { first: Post second: Post }
        enum Which { FIRST LAST }
        type Post @key(fields: "id") {
          id: ID!
          comments(limit: Int! = 9, from: Int! = 0): [Comment!]!
          mood(of: Which!): String
        }
        type Comment { id: ID! author: String! }`,
      resolvers: {
        Query: { posts: () => posts, post: (_: unknown, key: { id: string }) => find(key) },
        Mutation: { first: () => posts[0], second: () => posts[1] },
        Post: { __resolveReference: find, comments, mood: moods },
      },
    },
    digests: {
      sdl: `
        enum Which { FIRST LAST }
        type Post @key(fields: "id") {
          id: ID!
          comments(limit: Int! = 9, from: Int! = 0): [Comment!]! @external
          mood(of: Which!): String @external
          opener: String @requires(fields: "comments(limit: 1) { author }")
          rest: String @requires(fields: "comments(from: 1, limit: 5) { id author }")
          everyone: String @requires(fields: "comments { author }")
          start: String @requires(fields: "mood(of: FIRST)")
          end: String @requires(fields: "mood(of: LAST)")
          plain: String
        }
        type Comment { id: ID! @external author: String! @external }`,
      resolvers: {
        Post: {
          opener: (post: Post) => authors(post.comments),
          rest: (post: Post) => `${ids(post.comments)} ${authors(post.comments)}`,
          everyone: (post: Post) => authors(post.comments),
          start: ({ mood }: { mood: string }) => mood,
          end: ({ mood }: { mood: string }) => mood,
          plain: () => 'plain',
        },
      },
    },
  },
  monolith: {
    Query: { posts: () => posts, post: (_: unknown, key: { id: string }) => find(key) },
    Mutation: { first: () => posts[0], second: () => posts[1] },
    Post: {
      comments,
      mood: moods,
      opener: (post: Post) => authors(comments(post, { limit: 1, from: 0 })),
      rest: (post: Post) => {
        const found = comments(post, { limit: 5, from: 1 })
        return `${ids(found)} ${authors(found)}`
      },
      everyone: (post: Post) => authors(comments(post, all)),
      start: (post: Post) => moods(post, { of: 'FIRST' }),
      end: (post: Post) => moods(post, { of: 'LAST' }),
      plain: () => 'plain',
    },
  },
  questions: [
    {
      asks: 'selected with other arguments',
      query: '{ posts { opener comments(limit: 2) { id } } }',
      data: {
        posts: [
          { opener: 'ann', comments: [{ id: 'c0' }, { id: 'c1' }] },
          { opener: 'dia', comments: [{ id: 'c3' }] },
        ],
      },
      unlikeApollo: 'computes the opener from two comments',
    },
    {
      asks: 'selected without arguments',
      query: '{ posts { comments { id } opener } }',
      data: {
        posts: [
          { comments: [{ id: 'c0' }, { id: 'c1' }, { id: 'c2' }], opener: 'ann' },
          { comments: [{ id: 'c3' }], opener: 'dia' },
        ],
      },
      unlikeApollo: 'computes the opener from all comments',
    },
    {
      asks: 'selected under aliases, its own name among them, with variables and as required',
      query: `query ($n: Int!) {
        post(id: 1) { comments: id  some: comments(limit: $n) { author } same: comments(limit: 1) { author } opener }
      }`,
      variables: { n: 2 },
      data: {
        post: {
          comments: '1',
          some: [{ author: 'ann' }, { author: 'ben' }],
          same: [{ author: 'ann' }],
          opener: 'ann',
        },
      },
      unlikeApollo: 'sends the id as the comments',
    },
    {
      asks: 'two fields that require it with different arguments, and one that requires it with none',
      query: '{ posts { opener rest everyone plain } }',
      data: {
        posts: [
          { opener: 'ann', rest: 'c1,c2 ben,cem', everyone: 'ann,ben,cem', plain: 'plain' },
          { opener: 'dia', rest: ' ', everyone: 'dia', plain: 'plain' },
        ],
      },
      calls: [
        'posts: {posts{__typename id comments__required2:comments{author}comments__required1:comments(from:1 limit:5){id author}comments__required0:comments(limit:1){author}}}',
        'digests: query($representations:[_Any!]!){_entities(representations:$representations){...on Post{opener plain}}}',
        'digests: query($representations:[_Any!]!){_entities(representations:$representations){...on Post{rest}}}',
        'digests: query($representations:[_Any!]!){_entities(representations:$representations){...on Post{everyone}}}',
      ],
      unlikeApollo: 'computes all of them from the same comments',
    },
    {
      asks: 'one of two with different arguments failed: only what depends on it fails, with its error',
      query: '{ posts { start end mood(of: FIRST) } }',
      data: {
        posts: [
          { start: 'FIRST of 1', end: 'LAST of 1', mood: 'FIRST of 1' },
          { start: null, end: 'LAST of 2', mood: null },
        ],
      },
      errors: [
        { path: ['posts', 1, 'start'], message: 'No mood.' },
        { path: ['posts', 1, 'mood'], message: 'No mood.' },
      ],
      unlikeApollo: 'plans one of them',
    },
    {
      asks: 'in mutations: each runs once, in its order',
      query: 'mutation { second { opener rest } first { start end } }',
      data: { second: { opener: 'dia', rest: ' ' }, first: { start: 'FIRST of 1', end: 'LAST of 1' } },
      unlikeApollo: 'computes both from the same comments',
    },
  ],
}
