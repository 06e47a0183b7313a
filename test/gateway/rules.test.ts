import type { ApolloServerPlugin } from '@apollo/server'
import { createInProcessCalls } from '../../foundation/in-process-calls.ts'
import { openSocket } from '../support/graphql.ts'
import { startTestLambdaHost } from '../support/test-lambda-host.ts'
import { expectOk, type Platform, startPlatform } from '../support/two-subgraphs.ts'

const plugins: ApolloServerPlugin[] = [{ requestDidStart: async () => undefined }]
const no = { reject: { code: 'NOT_THIS_ONE', message: 'Not this one.' } }
const rejection = { message: 'Not this one.', extensions: { code: 'NOT_THIS_ONE', client: 'acme' } }

describe.each([
  ['directly', {}],
  ['through Apollo Server', { apolloPlugins: plugins }],
])('rules of a plugin, %s', (_way, options) => {
  let platform: Platform
  let host: Awaited<ReturnType<typeof startTestLambdaHost>>
  let touches = 0
  const viewers: unknown[] = []
  const inProcess = createInProcessCalls()

  beforeAll(async () => {
    platform = await startPlatform({ ...options, inProcess })
    const { gateway, keys } = platform
    host = await startTestLambdaHost(gateway.url, {
      'Query.record': ({ id }, viewer) => {
        viewers.push(viewer)
        if (id === 'odd') return { outcome: 'no outcome at all' }
        return id === 'secret' ? no : { args: { id: `${id}!` } }
      },
      'Mutation.touch': () => {
        touches += 1
        return touches > 1 ? no : { args: {} }
      },
      'Subscription.recordChanged': () => no,
    })
    await expectOk(await host.register(gateway.credentials.get('lambdas') ?? ''))
    const files = [{ path: 'plugin.ts', content: 'type Query { greeting: String }' }]
    const deploy = `mutation ($files: [PluginFile!]!) { deployPlugin(client: "acme", files: $files) { active errors { message } } }`
    const { data } = await gateway.query(deploy, { 'x-api-key': keys.deploy }, { files })
    expect(data).toEqual({ deployPlugin: { active: true, errors: [] } })
  })
  afterAll(async () => {
    await host.close()
    await platform.close()
  })

  const ask = (query: string) => platform.gateway.query(query, { 'x-api-key': platform.keys.sk })

  test('a query is refused in part, and rewritten in part', async () => {
    const answer = await ask(
      '{ a: record(id: "secret") { id } b: record(id: "r") { id createdBy { name } } caller }',
    )
    expect(answer).toMatchObject({
      status: 200,
      data: { a: null, b: { id: 'r!', createdBy: { name: 'Name of u1' } }, caller: 'SERVER of acme' },
      errors: [{ path: ['a'], locations: [{ line: 1, column: 3 }], ...rejection }],
    })
    expect(viewers.at(-1)).toMatchObject({ kind: 'SERVER', client: 'acme' })
  })

  test('aliases in one mutation do not go around a rule that counts', async () => {
    const { data, errors } = await ask('mutation { a: touch { id } b: touch { id } c: touch { id } }')
    expect(data).toEqual({ a: { id: 'r1' }, b: null, c: null })
    expect(errors?.map(({ path }) => path)).toEqual([['b'], ['c']])
  })

  test('a host that answers no outcome refuses the field', async () => {
    const { data, errors } = await ask('{ record(id: "odd") { id } }')
    expect({ data, code: errors?.[0]?.extensions.code }).toEqual({
      data: { record: null },
      code: 'RULE_INVALID_RESULT',
    })
  })

  test('a host of the gateway’s own process is asked there, and over HTTP for what it does not answer there', async () => {
    const asked: string[] = []
    const leave = inProcess.answerAt(host.url, ({ path }) => {
      asked.push(path.replace(/[0-9a-f]{64}/, 'digest'))
      return null
    })
    const { data } = await ask('{ record(id: "r") { id } greeting }')
    await leave()
    expect(data).toEqual({ record: { id: 'r!' }, greeting: expect.any(String) })
    expect(asked.sort()).toEqual(['graphql', 'rules'].map((what) => `/clients/acme/builds/digest/${what}`))
  })

  test('over a WebSocket, subscriptions too', async () => {
    const socket = openSocket(`${platform.gateway.url}/graphql`, { apiKey: platform.keys.sk })
    const query = await socket.iterate({ query: '{ record(id: "secret") { id } }' }).next()
    expect(query.value).toMatchObject({
      data: { record: null },
      errors: [{ path: ['record'], ...rejection }],
    })
    const subscription = socket.iterate({ query: 'subscription { recordChanged { id } }' }).next()
    expect((await subscription).value).toMatchObject({ errors: [{ path: ['recordChanged'], ...rejection }] })
    await socket.dispose()
  })

  test('another client has no such rules', async () => {
    const { data } = await platform.gateway.query('{ caller }', { 'x-api-key': platform.keys.globexSk })
    expect(data).toEqual({ caller: 'SERVER of globex' })
  })

  test('without the host nothing that has a rule runs, and everything else does', async () => {
    await host.close()
    const { data, errors } = await ask('{ record(id: "r") { id } caller }')
    expect({ data, code: errors?.[0]?.extensions.code }).toEqual({
      data: { record: null, caller: 'SERVER of acme' },
      code: 'LAMBDA_UNAVAILABLE',
    })
  })
})
