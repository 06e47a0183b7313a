import { type CuttableDatabase, createCuttableDatabase } from '../support/cuttable-database.ts'
import { eventually } from '../support/eventually.ts'
import type { Answer } from '../support/gateway-under-test.ts'
import { codesOf } from '../support/module-under-test.ts'
import { type PluginPlatform, startPluginPlatform } from '../support/plugin-platform.ts'
import {
  answering,
  deployerOf,
  type LambdaHostUnderTest,
  memberOf,
  startLambdaHost,
} from './lambda-host-under-test.ts'

const unavailable = 'DATABASE_UNAVAILABLE'
/** Nothing is said of where it is, or what has happened to it. */
const message = 'The database does not answer; try again in a moment.'
const away = [{ message, extensions: { code: unavailable } }]

/** A field for each thing that `ctx` keeps in the host's database: answers the code and the message of what it throws. */
const asks = {
  get: `ctx.kv.get('a')`,
  set: `ctx.kv.set('a', 1)`,
  delete: `ctx.kv.delete('a')`,
  list: `ctx.kv.list()`,
  secret: `ctx.secrets.get('TOKEN')`,
  emit: `ctx.emit('plugin.told', { subject: 's', data: {} })`,
}
const fields = Object.keys(asks)
const plugin = `import { definePlugin, gql } from '@trellis/sdk/plugin'
const told = (ask) => async (_root, _args, ctx) => {
  try { await ask(ctx); return 'fine' } catch (error) { return error.code + ': ' + error.message }
}
export default definePlugin({
  typeDefs: gql\`type Query { ${fields.map((field) => `${field}: String`).join(' ')} careless: String }\`,
  resolvers: { Query: {
    ${Object.entries(asks)
      .map(([field, ask]) => `${field}: told((ctx) => ${ask}),`)
      .join('\n')}
    careless: async (_root, _args, ctx) => String(await ctx.kv.get('a')),
  } },
  on: { 'data.record.created': () => undefined },
})`

describe('the platform, while the database of its lambda host is away', () => {
  let database: CuttableDatabase
  let platform: PluginPlatform
  beforeAll(async () => {
    database = await createCuttableDatabase('lambdas')
    platform = await startPluginPlatform(['acme'], { lambdasDatabase: database })
    const deployEarlier = () => ask(deploying, undefined, { files: earlier })
    await eventually('the host has registered', async () => !(await deployEarlier()).errors)
    expect((await ask(deploying)).data?.deployPlugin).toMatchObject({ active: true, errors: [] })
    expect(await askPlugin()).toEqual(Object.fromEntries(fields.map((field) => [field, 'fine'])))
  }, 60_000)
  afterAll(() => platform?.close())

  const deploying = `mutation ($files: [PluginFile!]!) {
    deployPlugin(client: "acme", files: $files) { active errors { message } } }`
  const files = [{ path: 'plugin.ts', content: plugin }]
  const earlier = [{ path: 'plugin.ts', content: plugin.replaceAll('careless', 'reckless') }]
  const ask = (
    query: string,
    key = 'DEPLOY acme',
    variables: object = query === deploying ? { files } : {},
  ) => platform.ask(key, query, variables)
  const activate = () => ask('mutation { activateRelease(client: "acme", release: 1) { id } }')
  const askPlugin = async () => (await ask(`{ ${fields.join(' ')} }`, 'SECRET acme')).data
  const asked = [
    deploying,
    'mutation { setSecret(client: "acme", name: "A", value: "b") { name } }',
    'mutation { deleteSecret(client: "acme", name: "A") }',
    'mutation { redeliverDeadLetters(consumerGroup: "plugin:acme", client: "acme") { count } }',
    '{ deadLetters(consumerGroup: "plugin:acme", client: "acme") { edges { node { id } } } }',
    '{ client(slug: "acme") { secrets { name } } }',
    '{ client(slug: "acme") { logs { edges { node { line } } } } }',
  ]
  const askAll = async () =>
    Object.fromEntries(await Promise.all(asked.map(async (query) => [query, await ask(query)] as const)))
  const expectAway = (answers: Record<string, Answer>) => {
    for (const query of asked)
      expect([query, answers[query]?.errors]).toEqual([query, [expect.objectContaining(away[0])]])
  }
  const expectPluginTold = async () => {
    expect(await askPlugin()).toEqual(
      Object.fromEntries(fields.map((field) => [field, `${unavailable}: ${message}`])),
    )
    const { errors } = await ask('{ careless }', 'SECRET acme')
    expect(errors).toMatchObject([{ message, extensions: { code: 'LAMBDA_FAILED' } }])
  }
  const expectBack = async () => {
    for (const [query, { errors }] of Object.entries(await askAll()))
      expect([query, errors]).toEqual([query, undefined])
    expect(await askPlugin()).toEqual(Object.fromEntries(fields.map((field) => [field, 'fine'])))
  }

  test('deployers and operators are told, and so are lambdas; all goes on when it is back', async () => {
    await expectBack()
    await database.cut()
    expectAway(await askAll())
    expectAway(await askAll())
    expect((await activate()).errors).toMatchObject(away)
    await expectPluginTold()
    const { data } = await ask('{ consumerGroups { name } }', 'OPERATOR')
    expect(data?.consumerGroups).toEqual(expect.arrayContaining([{ name: 'plugins' }]))
    await database.mend()
    await expectBack()
    expect((await activate()).errors).toBeUndefined()
  })

  test('while it takes what it is sent and answers nothing they are told, too; lambdas run out of their own time before', async () => {
    await expectBack()
    database.hang()
    const [answers, ofPlugin] = await Promise.all([askAll(), ask(`{ ${fields.join(' ')} }`, 'SECRET acme')])
    expectAway(answers)
    expect(codesOf(ofPlugin)).toEqual(fields.map(() => 'LAMBDA_TIMEOUT'))
    await database.cut()
    await database.mend()
    await expectBack()
  }, 40_000)
})

describe('a lambda host whose database is away', () => {
  let database: CuttableDatabase
  let host: LambdaHostUnderTest
  beforeAll(async () => {
    database = await createCuttableDatabase('lambdas')
    host = await startLambdaHost(undefined, { env: { DATABASE_URL: database.url } })
  })
  afterAll(async () => {
    await host?.close()
    await database?.drop()
  })

  test('cannot run what it has not read yet, and says so', async () => {
    const built = await host.build('acme', { 'plugin.ts': answering('return "fine"') })
    if (!built.ok) throw new Error(JSON.stringify(built.errors))
    const ask = () =>
      host.send<Answer>(
        `/clients/acme/builds/${built.digest}/graphql`,
        { query: '{ answer }' },
        memberOf('acme'),
      )
    await database.cut()
    expect((await ask()).errors).toEqual(away)
    const path = '/clients/acme/builds'
    expect(
      await host.send(
        path,
        { files: [{ path: 'plugin.ts', content: answering('return "new"') }] },
        deployerOf('acme'),
      ),
    ).toEqual({ errors: away })
    await database.mend()
    expect((await ask()).data).toEqual({ answer: 'fine' })
  })
})
