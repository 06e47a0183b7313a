import { eventually } from '../../support/eventually.ts'
import { openSocket } from '../../support/graphql.ts'
import { type PluginPlatform, startPluginPlatform } from '../../support/plugin-platform.ts'

/** What globex's plugin does to fields and operations of the core, through everything that is real; acme has none. */
let platform: PluginPlatform

const plugin = `import { definePlugin, gql } from '@trellis/sdk/plugin'
const codeOf = async (asking) => {
  try { return JSON.stringify(await asking) }
  catch (error) { return error.errors?.[0]?.extensions?.code ?? error.code ?? error.message }
}
export default definePlugin({
  typeDefs: gql\`
    type Record @key(fields: "id") {
      id: ID!
      data: JSON! @external
      title: String @override(from: "data") @requires(fields: "data")
      size: Int @requires(fields: "data") @tag(name: "records")
    }
    type Query {
      seen: [String!]
      asCaller(document: String!): String @tag(name: "records")
      asPlugin(document: String!): String
    }\`,
  resolvers: {
    Record: {
      title: (records) => records.map(({ data }) => 'the ' + data.name),
      size: (records) => records.map(({ data }) => data.name.length),
    },
    Query: {
      seen: async (_root, _args, ctx) => (await ctx.kv.list({ prefix: 'seen ' })).map(({ value }) => value),
      asCaller: (_root, { document }, ctx) => codeOf(ctx.graphql(document)),
      asPlugin: (_root, { document }, ctx) => codeOf(ctx.asPlugin.graphql(document)),
    },
  },
  rules: {
    'Query.collection': ({ args }, ctx) => args.name === 'hidden' ? ctx.reject('NOT_THIS_ONE', 'Not this one.') : args,
    'Mutation.createRecord': async ({ args }, ctx) => {
      const { rule, ...data } = args.data
      if (rule === 'reject') return ctx.reject('NOT_THIS_ONE', 'Not this one.')
      if (rule === 'throw') throw new Error('no good')
      if (rule === 'loop') for (;;) {}
      if (rule === 'nonsense') return 42
      if (rule === 'misfit') return { ...args, collection: { a: 1 } }
      if (rule === 'unknown') return { ...args, other: 1 }
      if (rule === 'forged') return { reject: { code: 'not a code', message: 'x' } }
      if (rule === 'two') {
        const { records } = await ctx.graphql('{ records(collection: "two") { totalCount } }')
        if (records.totalCount >= 2) return ctx.reject('ENOUGH', 'Two are enough.')
      }
      return { ...args, data: { ...data, checked: true } }
    },
    'Subscription.recordChanged': ({ args }, ctx) =>
      args.collection === 'hidden' ? ctx.reject('NOT_THIS_ONE', 'Not this one.') : args,
  },
  on: { 'data.record.created': (event, ctx) => ctx.kv.set('seen ' + event.subject, event.subject) },
  needs: { scopes: ['records:read'] },
})`

beforeAll(async () => {
  platform = await startPluginPlatform(['acme', 'globex'])
  for (const client of ['acme', 'globex'])
    for (const name of ['orders', 'hidden', 'two'])
      await expectOk(
        `SECRET ${client}`,
        `mutation { defineCollection(name: "${name}", access: READ, schema: { type: "object" }) { name } }`,
      )
  await expectOk(
    'OPERATOR',
    'mutation { grantPlugin(client: "globex", scopes: ["records:read"], egress: []) { slug } }',
  )
}, 60_000)
afterAll(() => platform?.close())

const ask: PluginPlatform['ask'] = (...asked) => platform.ask(...asked)
const expectOk: PluginPlatform['expectOk'] = (...asked) => platform.expectOk(...asked)
const create = (client: string, data: object, collection = 'orders') =>
  ask(
    `SECRET ${client}`,
    'mutation ($collection: String!, $data: JSON!) { createRecord(collection: $collection, data: $data) { id data } }',
    { collection, data },
  )
const idOf = ({ data }: Awaited<ReturnType<typeof ask>>) =>
  (data as { createRecord: { id: string } }).createRecord.id
const no = { message: 'Not this one.', extensions: { code: 'NOT_THIS_ONE', client: 'globex' } }

test('an event right behind the answer to the first deployment is handled', async () => {
  const files = [{ path: 'plugin.ts', content: plugin }]
  const deploy = `mutation ($files: [PluginFile!]!) {
    deployPlugin(client: "globex", files: $files) { active errors { code message line } } }`
  const released = await eventually('the host has registered', async () => {
    const { data, errors } = await ask('DEPLOY globex', deploy, { files })
    return !errors && data
  })
  expect(released.deployPlugin).toEqual({ active: true, errors: [] })
  const id = idOf(await create('globex', { name: 'first' }))
  await eventually('it is handled', async () => {
    const { seen } = await expectOk('SECRET globex', '{ seen }')
    return (seen as string[]).includes(id)
  })
})

test('a core field is replaced for one client alone, in its partner contracts, too', async () => {
  const data = { name: 'chair', title: 'A chair' }
  const [theirs, ours] = [idOf(await create('acme', data)), idOf(await create('globex', data))]
  const query = 'query ($id: ID!) { record(id: $id) { title data } }'
  for (const kind of ['SECRET', 'PARTNER']) {
    expect(await expectOk(`${kind} acme`, query, { id: theirs })).toMatchObject({
      record: { title: 'A chair' },
    })
    expect(await expectOk(`${kind} globex`, query, { id: ours })).toMatchObject({
      record: { title: 'the chair' },
    })
    const size = await ask(`${kind} globex`, '{ records(collection: "orders") { edges { node { size } } } }')
    expect(size.data?.records).toMatchObject({ edges: expect.arrayContaining([{ node: { size: 5 } }]) })
  }
  const { errors } = await ask('SECRET acme', '{ records(collection: "orders") { edges { node { size } } } }')
  expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
})

const countOf = async (client: string, collection: string) => {
  const { records } = await expectOk(
    `SECRET ${client}`,
    `{ records(collection: "${collection}") { totalCount } }`,
  )
  return (records as { totalCount: number }).totalCount
}

test.each([
  ['reject', 'NOT_THIS_ONE'],
  ['throw', 'LAMBDA_FAILED'],
  ['loop', 'LAMBDA_CPU_EXCEEDED'],
  ['nonsense', 'LAMBDA_FAILED'],
  ['misfit', 'RULE_INVALID_RESULT'],
  ['unknown', 'RULE_INVALID_RESULT'],
  ['forged', 'RULE_INVALID_RESULT'],
])('a rule that answers %s: the mutation is not run, %s; for another client it is', async (rule, code) => {
  const before = await countOf('globex', 'orders')
  const { data, errors } = await create('globex', { name: 'x', rule })
  expect({ data, code: errors?.[0]?.extensions.code, path: errors?.[0]?.path }).toEqual({
    data: { createRecord: null },
    code,
    path: ['createRecord'],
  })
  expect(await countOf('globex', 'orders')).toBe(before)
  expect((await create('acme', { name: 'x', rule })).data?.createRecord).toMatchObject({
    data: { name: 'x', rule },
  })
})

test('arguments are rewritten; of several mutations each has its turn, whatever it is called', async () => {
  expect((await create('globex', { name: 'x', rule: 'none' })).data?.createRecord).toMatchObject({
    data: { name: 'x', checked: true },
  })
  const one = 'createRecord(collection: "two", data: $data) { data }'
  const { data, errors } = await ask(
    'SECRET globex',
    `mutation ($data: JSON!) { a: ${one} ...Rest } fragment Rest on Mutation { b: ${one} ... on Mutation { c: ${one} } }`,
    { data: { name: 'x', rule: 'two' } },
  )
  const made = { data: { name: 'x', checked: true } }
  expect({ data, errors: errors?.map(({ path, extensions }) => [path, extensions.code]) }).toEqual({
    data: { a: made, b: made, c: null },
    errors: [[['c'], 'ENOUGH']],
  })
  expect(await countOf('globex', 'two')).toBe(2)
})

test.each([
  ['an alias', '{ collection: collections { totalCount } x: collection(name: "hidden") { name } }'],
  ['a variable', 'query ($name: String! = "hidden") { x: collection(name: $name) { name } }'],
  [
    'a fragment',
    '{ ...F } fragment F on Query { ...G } fragment G on Query { x: collection(name: "hidden") { name } }',
  ],
  ['a fragment without a type', '{ ... @include(if: true) { x: collection(name: "hidden") { name } } }'],
  [
    'directives',
    'query ($yes: Boolean = true) { x: collection(name: "hidden") @include(if: $yes) @skip(if: false) { name } }',
  ],
  [
    'a key said twice',
    '{ x: collection(name: "hidden") { name } x: collection(name: "hidden") { __typename } }',
  ],
  ['a name of its own', 'query collections { x: collection(name: "hidden") { name } }'],
  ['an escaped text', '{ x: collection(name: "\\u0068idden") { name } }'],
  ['a block of text', '{ x: collection(name: """hidden""") { name } }'],
])('%s is no way around a rule', async (_what, query) => {
  const { data, errors } = await ask('SECRET globex', query)
  expect({ x: data?.x, errors }).toMatchObject({ x: null, errors: [{ path: ['x'], ...no }] })
  expect(await expectOk('SECRET acme', query)).toMatchObject({ x: {} })
})

test('nor is another way in: a partner key, the plugin itself, a socket', async () => {
  const query = '{ collection(name: "hidden") { name } }'
  expect((await ask('PARTNER globex', query)).errors).toMatchObject([no])
  const { asCaller, asPlugin } = await expectOk(
    'SECRET globex',
    'query ($document: String!) { asCaller(document: $document) asPlugin(document: $document) }',
    { document: query },
  )
  expect({ asCaller, asPlugin }).toEqual({ asCaller: 'NOT_THIS_ONE', asPlugin: 'NOT_THIS_ONE' })
  const changed = { query: 'subscription { own: recordChanged(collection: "hidden") { cursor } }' }
  for (const client of ['SECRET globex', 'PARTNER globex']) {
    const socket = openSocket(`${platform.gateway.url}/graphql`, {
      apiKey: platform.secretOf(client),
    })
    expect((await socket.iterate({ query }).next()).value).toMatchObject({ errors: [no] })
    if (client === 'SECRET globex')
      expect((await socket.iterate(changed).next()).value).toMatchObject({
        errors: [{ path: ['own'], ...no }],
      })
    await socket.dispose()
  }
})

test("ctx.graphql has the caller's rights, and ctx.asPlugin.graphql what was granted: no more, whoever calls", async () => {
  const askCaller = async (who: string, document: string) =>
    (await expectOk(who, 'query ($document: String!) { asCaller(document: $document) }', { document }))
      .asCaller
  const keysOfClient = '{ apiKeys { totalCount } }'
  const mutation = 'mutation { deleteRecord(id: "1", expectedVersion: 1) }'
  expect(await askCaller('SECRET globex', keysOfClient)).toMatch(/^{"apiKeys":/)
  expect(await askCaller('SECRET globex', '{ collection(name: "two") { name } }')).toBe(
    '{"collection":{"name":"two"}}',
  )
  expect(await askCaller('PARTNER globex', '{ collection(name: "two") { name } }')).toBe(
    '{"collection":{"name":"two"}}',
  )
  for (const document of [keysOfClient, mutation, '{ seen }'])
    expect(await askCaller('PARTNER globex', document)).toBe('GRAPHQL_VALIDATION_FAILED')

  const askPlugin = async (document: string) =>
    (
      await expectOk('SECRET globex', 'query ($document: String!) { asPlugin(document: $document) }', {
        document,
      })
    ).asPlugin
  expect(await askPlugin('{ collection(name: "two") { name } }')).toBe('{"collection":{"name":"two"}}')
  expect(await askPlugin('mutation { createRecord(collection: "two", data: {}) { id } }')).toBe('FORBIDDEN')
  expect(await askPlugin(keysOfClient)).toBe('FORBIDDEN')
  // That field has no tag: a partner cannot have the plugin ask for it.
  const { errors } = await ask('PARTNER globex', `{ asPlugin(document: "{ seen }") }`)
  expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
})
