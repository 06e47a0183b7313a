import { createHash } from 'node:crypto'
import type { ApolloServerPlugin } from '@apollo/server'
import { type SupergraphUnderTest, startSupergraphUnderTest } from '../../support/supergraph-under-test.ts'

const subgraphs = {
  things: {
    sdl: `
      type Query { thing(id: ID!): Thing  broken: String  refuses: String  must: Int! }
      type Mutation { count: Int }
      type Subscription { ticks: Int }
      type Thing @key(fields: "id") { id: ID!  name: String }
    `,
    resolvers: {
      Query: {
        thing: (_root: unknown, { id }: { id: string }) => ({ id, name: `Thing ${id} – ü` }),
        broken: () => {
          throw new Error('the password of the database is hunter2')
        },
        must: () => null,
      },
      Mutation: { count: () => 1 },
    },
  },
}

const query = 'query Q($id: ID!) { thing(id: $id) { id name } }'
const sha256Hash = createHash('sha256').update(query).digest('hex')
const persistedQuery = { version: 1, sha256Hash }
const variables = { id: '7' }

type Asked = {
  method?: string
  search?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

/** What is asked, and the status and code that it is answered with. */
const cases: [string, Asked, number, (string | undefined)?][] = [
  ['a query', { body: { query, variables } }, 200],
  [
    'a query for graphql-response+json',
    { body: { query, variables }, headers: { accept: 'application/graphql-response+json' } },
    200,
  ],
  [
    'a query of whoever prefers the newer type',
    {
      body: { query, variables },
      headers: { accept: 'application/json;q=0.9, application/graphql-response+json' },
    },
    200,
  ],
  [
    'a query of whoever takes nothing of ours',
    { body: { query, variables }, headers: { accept: 'text/html' } },
    406,
    'BAD_REQUEST',
  ],
  ['introspection', { body: { query: '{ __schema { queryType { name } } __typename }' } }, 200],
  ['a mutation', { body: { query: 'mutation { count }' } }, 200],
  ['a subscription', { body: { query: 'subscription { ticks }' } }, 400, 'BAD_USER_INPUT'],
  ['a field that fails', { body: { query: '{ broken }' } }, 200, 'INTERNAL_SERVER_ERROR'],
  ['a null where none may be', { body: { query: '{ must }' } }, 200],
  ['an alias', { body: { query: '{ a: thing(id: 1) { b: name } }' } }, 200],
  ['a syntax error', { body: { query: '{' } }, 400, 'GRAPHQL_PARSE_FAILED'],
  [
    'a syntax error, application/json by name',
    { body: { query: '{' }, headers: { accept: 'application/json' } },
    200,
    'GRAPHQL_PARSE_FAILED',
  ],
  ['a field that is not there', { body: { query: '{ nope thing }' } }, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['variables that do not fit', { body: { query, variables: { id: {} } } }, 400, 'BAD_USER_INPUT'],
  ['variables that are missing', { body: { query } }, 400, 'BAD_USER_INPUT'],
  [
    'variables that do not fit, application/json by name',
    { body: { query }, headers: { accept: 'application/json' } },
    200,
    'BAD_USER_INPUT',
  ],
  [
    'an operation that is not there',
    { body: { query: 'query A { broken }', operationName: 'B' } },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'two operations and no name',
    { body: { query: 'query A { broken } query B { broken }' } },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'one of two operations',
    {
      body: {
        query: 'query A { broken } query B($id: ID!) { thing(id: $id) { id } }',
        operationName: 'B',
        variables,
      },
    },
    200,
  ],
  ['nothing but a fragment', { body: { query: 'fragment F on Thing { id }' } }, 400],
  ['an empty query', { body: { query: '' } }, 400, 'BAD_REQUEST'],
  ['no query', { body: { variables } }, 400, 'BAD_REQUEST'],
  ['an empty object', { body: {} }, 400, 'BAD_REQUEST'],
  ['a batch', { body: [{ query }] }, 400, 'BAD_REQUEST'],
  ['a number', { body: 7 }, 400, 'BAD_REQUEST'],
  ['variables as text', { body: { query, variables: '{}' } }, 400, 'BAD_REQUEST'],
  ['variables as a list', { body: { query, variables: [] } }, 400, 'BAD_REQUEST'],
  ['extensions as text', { body: { query, extensions: 'x' } }, 400, 'BAD_REQUEST'],
  ['a name that is none', { body: { query, operationName: 1 } }, 400, 'BAD_REQUEST'],
  [
    'null for everything optional',
    { body: { query: '{ __typename }', variables: null, operationName: null, extensions: null } },
    200,
  ],
  ['a GET', { search: { query, variables: JSON.stringify(variables) } }, 200],
  ['a GET with variables that are no JSON', { search: { query, variables: '{' } }, 400, 'BAD_REQUEST'],
  ['a GET with variables that are no object', { search: { query, variables: '[]' } }, 400, 'BAD_REQUEST'],
  ['a GET without a query', { search: {} }, 400, 'BAD_REQUEST'],
  [
    'a GET with a type of forms',
    {
      search: { query: '{ __typename }' },
      headers: { 'content-type': 'text/plain', 'apollo-require-preflight': '1' },
    },
    415,
    'BAD_REQUEST',
  ],
  ['a mutation by GET', { search: { query: 'mutation { count }' } }, 405, 'BAD_REQUEST'],
  ['a subscription by GET', { search: { query: 'subscription { ticks }' } }, 405, 'BAD_REQUEST'],
  [
    'a GET of an operation that is not there',
    { search: { query: 'query A { broken }', operationName: 'B' } },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'a hash that is not known',
    { body: { variables, extensions: { persistedQuery } } },
    200,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  ['a hash with its query', { body: { query, variables, extensions: { persistedQuery } } }, 200],
  ['a hash that is known', { body: { variables, extensions: { persistedQuery } } }, 200],
  [
    'a hash that is known, by GET',
    { search: { variables: JSON.stringify(variables), extensions: JSON.stringify({ persistedQuery }) } },
    200,
  ],
  ['a hash of another query', { body: { query: '{ __typename }', extensions: { persistedQuery } } }, 400],
  [
    'a hash of another version',
    { body: { query, variables, extensions: { persistedQuery: { ...persistedQuery, version: 2 } } } },
    400,
  ],
  [
    'a hash that is none',
    { body: { extensions: { persistedQuery: { version: 1 } } } },
    200,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  [
    'a hash of a query that is not valid',
    {
      body: {
        query: '{ nope }',
        extensions: {
          persistedQuery: { version: 1, sha256Hash: createHash('sha256').update('{ nope }').digest('hex') },
        },
      },
    },
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'which is not kept',
    {
      body: {
        extensions: {
          persistedQuery: { version: 1, sha256Hash: createHash('sha256').update('{ nope }').digest('hex') },
        },
      },
    },
    200,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  [
    'a form that a page of another site sends',
    { body: { query: 'mutation { count }' }, headers: { 'content-type': 'text/plain' } },
    400,
    'BAD_REQUEST',
  ],
  [
    'a GET that a page of another site makes a browser send',
    {
      search: { query: '{ __typename }' },
      headers: { 'user-agent': 'Mozilla/5.0', 'sec-fetch-site': 'cross-site' },
    },
    400,
    'BAD_REQUEST',
  ],
  [
    'the same of a page that was allowed to ask',
    {
      search: { query: '{ __typename }' },
      headers: { 'user-agent': 'Mozilla/5.0', 'apollo-require-preflight': '1' },
    },
    200,
  ],
  ['a query that is too large', { body: { query: `#${'x'.repeat(5_000_000)}` } }, 413, 'BAD_REQUEST'],
]

describe('without Apollo plugins an operation goes around Apollo Server, and nobody can tell', () => {
  let direct: SupergraphUnderTest
  let throughApollo: SupergraphUnderTest
  let operations = 0
  const plugin: ApolloServerPlugin = {
    async requestDidStart() {
      operations += 1
    },
  }
  beforeAll(async () => {
    direct = await startSupergraphUnderTest(subgraphs)
    throughApollo = await startSupergraphUnderTest(subgraphs, { apolloPlugins: [plugin] })
  })
  afterAll(() => Promise.all([direct.close(), throughApollo.close()]))

  test.each(cases.map(([what, ...rest]) => ({ what, rest })))(
    '$what',
    async ({ rest: [asked, status, code] }) => {
      const ours = await ask(direct.url, asked)
      expect({ status: ours.status, code: ours.body.errors?.[0]?.extensions.code }).toEqual({
        status,
        code: code ?? ours.body.errors?.[0]?.extensions.code,
      })
      expect(await ask(throughApollo.url, asked)).toEqual(ours)
      expect(JSON.stringify(ours)).not.toContain('hunter2')
    },
  )

  test('@defer is refused, by Apollo Server in words of its own', async () => {
    const asked = { body: { query: '{ thing(id: 1) { ... @defer { name } } }' } }
    const ours = await ask(direct.url, asked)
    expect(ours).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'UNSUPPORTED_DIRECTIVE' } }] },
    })
    expect(await ask(throughApollo.url, asked)).toMatchObject({ status: 400 })
  })

  test('with one it goes through', () => expect(operations).toBeGreaterThan(10))
})

type Body = { data?: unknown; errors?: { message: string; extensions: { code: string } }[] }

async function ask(url: string, { search, headers, body }: Asked) {
  const target = search ? `${url}/graphql?${new URLSearchParams(search)}` : `${url}/graphql`
  const response = await fetch(target, {
    headers: { ...(search ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(search ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const told = ['content-type', 'cache-control', 'allow', 'content-length']
  return {
    status: response.status,
    headers: Object.fromEntries(told.map((name) => [name, response.headers.get(name)])),
    body: (await response.json()) as Body,
  }
}
