import { eventually } from '../../support/eventually.ts'
import { type PluginPlatform, startPluginPlatform } from '../../support/plugin-platform.ts'

/** A real gateway, data module, bus and lambda host: a plugin as operators, deployers and their servers meet it. */
let platform: PluginPlatform
const keys = {
  server: 'SECRET acme',
  deployer: 'DEPLOY acme',
  operator: 'OPERATOR',
  otherDeployer: 'DEPLOY globex',
}

const plugin = `import { definePlugin, gql } from '@trellis/sdk/plugin'
const create = gql\`mutation ($collection: String!, $data: JSON!) { createRecord(collection: $collection, data: $data) { id } }\`
export default definePlugin({
  typeDefs: gql\`type Query { leak: String self: String ping: String pong: String own: String }\`,
  resolvers: { Query: {
    leak: async (_root, _args, ctx) => { throw new Error('it is ' + await ctx.secrets.get('TOKEN')) },
    self: deeper((ctx) => ctx, 'self'),
    ping: deeper((ctx) => ctx, 'pong'),
    pong: deeper((ctx) => ctx, 'ping'),
    own: deeper((ctx) => ctx.asPlugin, 'own'),
  } },
  on: { 'data.record.created': async (event, ctx) => {
    const { data } = event.data
    const collection = event.data.collection
    if (collection === 'orders') {
      ctx.log('an order', await ctx.secrets.get('TOKEN'))
      await ctx.asPlugin.graphql(create, { collection: 'audit', data: { order: event.subject } })
    }
    if (collection === 'well') {
      const { own } = await ctx.asPlugin.graphql('{ own }')
      await ctx.asPlugin.graphql(create, { collection: 'audit', data: { own } })
    }
    if (collection === 'circle') await ctx.asPlugin.graphql(create, { collection, data: {} })
  } },
  needs: { scopes: ['records:write'] },
})
/** Asks for a field of its own plugin: a mark for each lambda on the way, and how it ended. */
function deeper(asker, field) {
  return async (_root, _args, ctx) => {
    try { return '>' + (await asker(ctx).graphql('{ ' + field + ' }'))[field] }
    catch (error) { return '>' + (error.errors?.[0]?.extensions?.code ?? error.message) }
  }
}`

beforeAll(async () => {
  platform = await startPluginPlatform(['acme', 'globex'], { handlerRetryDelaysMs: [20] })
  for (const name of ['orders', 'audit', 'circle', 'well'])
    await expectOk(
      `mutation { defineCollection(name: "${name}", schema: { type: "object" }) { name } }`,
      'server',
    )
  await grant(['records:write'])
  await eventually('the host has registered', async () => !(await deploy()).errors)
  expect((await deploy()).data?.deployPlugin).toEqual({ active: true, errors: [] })
}, 60_000)
afterAll(() => platform?.close())

const ask = (query: string, who: keyof typeof keys, variables?: object) =>
  platform.ask(keys[who], query, variables)
const expectOk = (query: string, who: keyof typeof keys, variables?: object) =>
  platform.expectOk(keys[who], query, variables)
function deploy() {
  const files = [{ path: 'plugin.ts', content: plugin }]
  const query = `mutation ($files: [PluginFile!]!) {
    deployPlugin(client: "acme", files: $files) { active errors { code message } } }`
  return ask(query, 'deployer', { files })
}
const grant = (scopes: readonly string[]) =>
  expectOk(
    'mutation ($scopes: [String!]!) { grantPlugin(client: "acme", scopes: $scopes, egress: []) { slug } }',
    'operator',
    { scopes },
  )
const createRecord = (collection: string) =>
  expectOk(`mutation { createRecord(collection: "${collection}", data: { n: 1 }) { id } }`, 'server')
const countOf = async (collection: string) => {
  const { records } = await expectOk(`{ records(collection: "${collection}") { totalCount } }`, 'server')
  return Number(JSON.stringify(records).replaceAll(/\D/g, ''))
}
const deadLetters = (who: keyof typeof keys) =>
  ask(
    '{ deadLetters(consumerGroup: "plugin:acme") { edges { node { id error file line attempts redelivering event { type client data } } } } }',
    who,
  )
type Letters = {
  edges: { node: { id: string; error: string; file: string | null; line: number | null; event: object } }[]
}
const lettersOf = async () =>
  ((await deadLetters('deployer')).data?.deadLetters as Letters | undefined)?.edges ?? []

test('a scope that is taken away is gone at once: what needs it is a dead letter, and goes through once it is granted again', async () => {
  await grant([])
  await createRecord('orders')
  const [letter] = await eventually('there is a dead letter', async () => {
    const letters = await lettersOf()
    return letters.length > 0 && letters
  })
  expect(letter?.node).toMatchObject({
    error: expect.stringContaining('records:write'),
    // Where the plugin asked.
    ...{ file: 'plugin.ts', line: 17 },
    event: { type: 'data.record.created', client: 'acme', data: null },
  })
  expect((await deadLetters('otherDeployer')).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
  expect((await deadLetters('server')).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect((await deadLetters('operator')).data?.deadLetters).toMatchObject({
    edges: [{ node: { attempts: 2 } }],
  })
  await grant(['records:write'])
  const redeliver = 'mutation { redeliverDeadLetters(consumerGroup: "plugin:acme") { count } }'
  expect((await ask(redeliver, 'otherDeployer')).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
  expect(await expectOk(redeliver, 'deployer')).toEqual({ redeliverDeadLetters: { count: 1 } })
  await eventually('the plugin has written', async () => (await countOf('audit')) === 1)
  await eventually('no dead letter is left', async () => (await lettersOf()).length === 0)
})

test('a handler whose own writes trigger it is stopped, through gateway and module and bus', async () => {
  await createRecord('circle')
  const loop = await eventually('it is stopped', async () =>
    (await lettersOf()).find(({ node }) => node.error.startsWith('EVENT_LOOP')),
  )
  expect(loop?.node).toMatchObject({ file: null, line: null })
  expect(await countOf('circle')).toBe(7)
})

test('lambdas that ask the graph for lambdas end at the depth their client has, whichever way they ask', async () => {
  const limit = (limits: object) =>
    expectOk(
      'mutation ($limits: PluginLimitsInput!) { setLimits(client: "acme", limits: $limits) { slug } }',
      'operator',
      { limits },
    )
  await limit({ wallMs: 30_000 })
  const all = (answer: string) => ({ self: answer, ping: answer, own: answer })
  expect(await expectOk('{ self ping own }', 'server')).toEqual(all('>>>>LAMBDA_TOO_DEEP'))
  await limit({ depth: 1 })
  await eventually('the limit is known', async () => {
    const { self } = await expectOk('{ self }', 'server')
    return self === '>>LAMBDA_TOO_DEEP'
  })
  expect(await expectOk('{ self ping own }', 'server')).toEqual(all('>>LAMBDA_TOO_DEEP'))
  await limit({ depth: null, wallMs: null })

  // A handler is no way around: what it asks for is one deep like what anybody asks for.
  const before = await countOf('audit')
  await createRecord('well')
  await eventually('the handler has written', async () => (await countOf('audit')) === before + 1)
  expect(
    JSON.stringify(await expectOk('{ records(collection: "audit") { edges { node { data } } } }', 'server')),
  ).toContain('">>>LAMBDA_TOO_DEEP"')
})

test('a secret is set and never shown again: not by the graph, the log, an error, or what is on record', async () => {
  const set =
    'mutation ($value: String!) { setSecret(client: "acme", name: "TOKEN", value: $value) { name setBy } }'
  const variables = { value: 'hush-hush-42' }
  expect((await ask(set, 'otherDeployer', variables)).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
  expect(await expectOk(set, 'deployer', variables)).toMatchObject({ setSecret: { name: 'TOKEN' } })
  await createRecord('orders')
  // With the place in the plugin's files, for its author alone.
  const line = plugin.split('\n').findIndex((one) => one.includes("'it is '")) + 1
  const thrown = new RegExp(`LAMBDA_FAILED: it is \\[secret TOKEN\\] \\(plugin\\.ts:${line}\\)`)
  const shown = JSON.stringify([
    await ask('{ leak }', 'server'),
    await expectOk('{ client(slug: "acme") { secrets { name setAt setBy } } }', 'deployer'),
    await eventually('the handler has logged', async () => {
      const { client } = await expectOk(
        '{ client(slug: "acme") { logs(first: 100) { edges { node { time level lambda line } } } } }',
        'deployer',
      )
      const text = JSON.stringify(client)
      return [/an order \[secret TOKEN\]/, thrown].every((line) => line.test(text)) && client
    }),
    await expectOk('{ changes(client: "acme") { edges { node { action before after } } } }', 'operator'),
  ])
  expect(shown).toContain('it is [secret TOKEN]')
  expect(shown).toContain('registry.secret.set')
  expect(shown).not.toContain('hush')
  const other = await ask(
    '{ client(slug: "acme") { logs { edges { cursor } } secrets { name } } }',
    'otherDeployer',
  )
  expect(other.data).toEqual({ client: null })
  expect(await expectOk('mutation { deleteSecret(client: "acme", name: "TOKEN") }', 'deployer')).toEqual({
    deleteSecret: true,
  })
})
