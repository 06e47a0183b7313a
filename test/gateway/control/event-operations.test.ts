import { type Client, createClient as createWsClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Bus } from '../../../events/bus/bus.ts'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { readEventCatalogue } from '../../../events/catalogue/event-catalogue.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { silentLog } from '../../../foundation/log.ts'
import { happened, interleaved, nameOf } from '../../events/bus/bus-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import type { Answer } from '../../support/gateway-under-test.ts'
import { startTestLambdaHost } from '../../support/test-lambda-host.ts'
import { expectOk, type Platform, startPlatform } from '../../support/two-subgraphs.ts'

type Edges<Node> = { edges: { cursor: string; node: Node }[]; pageInfo: Record<string, unknown> }

let database: TestDatabase
let bus: Bus
let platform: Platform
const sockets: Client[] = []
beforeEach(async () => {
  database = await createTestDatabase('bus')
  bus = await openPostgresBus({ databaseUrl: database.url, log: silentLog, retryDelaysMs: [] })
  platform = await startPlatform({ busUrl: database.url })
})
afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.dispose()))
  await platform.close()
  await bus.close()
  await database.drop()
})

const ask = (query: string, variables: object = {}, key = platform.keys.operator) =>
  platform.gateway.query(query, { 'x-api-key': key }, variables)
const codeOf = async (query: string, variables: object = {}, key = platform.keys.operator) =>
  (await ask(query, variables, key)).errors?.[0]?.extensions.code

function listen(query: string, variables: Record<string, unknown> = {}, apiKey = platform.keys.operator) {
  const socket = createWsClient({
    url: `${platform.gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey },
    retryAttempts: 0,
  })
  sockets.push(socket)
  return socket.iterate<Record<string, Record<string, unknown>>>({ query, variables })
}

const edgesOf = ({ data }: Answer) => (data?.events as Edges<object> | undefined)?.edges ?? []

/** Of what is published here; the registry's own changes are events, too. */
const type = 'test.thing.changed'
const events = `query ($client: String, $type: String, $first: Int, $after: String) {
  events(client: $client, type: $type, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { id type subject client actor time source data } } } }`
const replayEvents = `mutation ($client: String!, $group: String!, $from: DateTime!, $to: DateTime, $type: String) {
  replayEvents(client: $client, consumerGroup: $group, from: $from, to: $to, type: $type) { id status matched delivered requestedBy } }`
const added =
  'subscription ($client: String, $after: String) { eventAdded(client: $client, after: $after) { cursor lagged event { subject data } } }'

test('operators see what happened, the newest first, without the clients’ data', async () => {
  await bus.publish([...interleaved(['s'], 5), happened('x', { client: 'globex', actor: 'user:u1' })])
  const { data } = await ask(events, { first: 2, type })
  const page = data?.events as Edges<object> & { totalCount: number }
  expect(page.totalCount).toBe(6)
  expect(page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
  expect(page.edges[0]?.node).toMatchObject({ subject: 'x', client: 'globex', actor: 'user:u1', data: null })
  const rest = await ask(events, { first: 100, type, after: page.pageInfo.endCursor })
  expect(rest.data?.events).toMatchObject({ pageInfo: { hasNextPage: false, hasPreviousPage: true } })
  expect(edgesOf(rest).length).toBe(4)
  expect(edgesOf(await ask(events, { client: 'globex', type })).length).toBe(1)
  expect(await codeOf(events, { after: 'forged' })).toBe('CURSOR_INVALID')
  expect(await codeOf(events, { first: 101 })).toBe('BAD_USER_INPUT')
})

test('events come as they happen, and after a cursor', async () => {
  const live = listen(added, { client: 'acme' })
  const of = async (stream: typeof live) => (await stream.next()).value?.data?.eventAdded
  let begun = false
  const first = of(live).then((payload) => {
    begun = true
    return payload
  })
  await eventually('it is live', async () => {
    if (!begun) await bus.publish([happened('hello')])
    return begun
  })
  const resumed = listen(added, { after: (await first)?.cursor })
  await bus.publish([...interleaved(['s'], 2), happened('foreign', { client: 'globex' }), happened('new')])
  const subjects: unknown[] = []
  while (!subjects.includes('new')) {
    const payload = await of(resumed)
    expect(payload).toMatchObject({ lagged: 0, event: { data: null } })
    subjects.push(Object(payload?.event).subject)
  }
  expect(subjects.filter((subject) => subject !== 'hello')).toEqual(['s', 's', 'foreign', 'new'])
  const others = subjects.filter((subject) => subject !== 'foreign')
  for (const subject of others) expect(await of(live)).toMatchObject({ event: { subject } })
  const [refused] = (await listen(added, { after: 'forged' }).next()).value?.errors ?? []
  expect(refused?.extensions?.code).toBe('CURSOR_INVALID')
})

test('a replay is started, watched, and on record', async () => {
  const replayed: string[] = []
  const nothing = async () => undefined
  await bus.subscribe({
    group: 'counts',
    handle: nothing,
    replay: {
      begin: nothing,
      end: nothing,
      abandon: nothing,
      async handle(event) {
        replayed.push(nameOf(event))
      },
    },
  })
  await bus.publish(interleaved(['s'], 4))
  const from = new Date(Date.now() - 60_000).toISOString()
  const input = { client: 'acme', group: 'counts', type, from }
  const { data } = await ask(replayEvents, input)
  const replay = data?.replayEvents as { id: string; requestedBy: string }
  expect(replay).toMatchObject({
    matched: 4,
    delivered: 0,
    status: 'PREPARING',
    requestedBy: expect.stringMatching(/^key:/),
  })
  const states: unknown[] = []
  const progress =
    'subscription ($id: ID!) { replayProgress(id: $id) { status matched delivered consumerGroup } }'
  for await (const { data } of listen(progress, { id: replay.id })) states.push(data?.replayProgress)
  expect(states.at(-1)).toEqual({ status: 'DONE', matched: 4, delivered: 4, consumerGroup: 'counts' })
  expect(replayed).toEqual(['s-0', 's-1', 's-2', 's-3'])
  const asked = await ask('query ($id: ID!) { replay(id: $id) { status endedAt from } }', { id: replay.id })
  expect(asked.data?.replay).toMatchObject({ status: 'DONE', from, endedAt: expect.any(String) })
  const record = await ask(events, { type: 'control.replay.requested' })
  expect(edgesOf(record)[0]?.node).toMatchObject({
    client: 'acme',
    actor: replay.requestedBy,
    data: { consumerGroup: 'counts', from },
  })
  const catalogue = await readEventCatalogue()
  const filter = { client: null, type: 'control.replay.requested', subject: null }
  const [requested] = await bus.operations.history(filter, { after: null, limit: 1, newestFirst: false })
  expect(requested && catalogue.check(requested.event)).toBeUndefined()
})

describe('the handlers of plugins', () => {
  let host: Awaited<ReturnType<typeof startTestLambdaHost>>
  let left: string | null = null
  const nothing = async () => undefined
  const taken: string[] = []
  beforeEach(async () => {
    const groups = () => [{ client: 'acme', members: 1, waiting: 2, leftAfter: left, deadLetters: 3 }]
    host = await startTestLambdaHost(platform.gateway.url, {}, () => groups())
    await expectOk(await host.register(platform.gateway.credentials.get('lambdas') ?? ''))
    const files = [
      { path: 'plugin.ts', content: 'type User @key(fields: "id") { id: ID!  tier: String }' },
      { path: 'said.json', content: JSON.stringify({ handlers: [type] }) },
    ]
    const deploy =
      'mutation ($files: [PluginFile!]!) { deployPlugin(client: "acme", files: $files) { active errors { message } } }'
    expect((await ask(deploy, { files })).data).toEqual({ deployPlugin: { active: true, errors: [] } })
  })
  afterEach(() => host.close())

  test('are consumer groups, with what waits and what was left on the bus', async () => {
    const ofHandlers = async () => {
      const { data } = await ask('{ consumerGroups { name lag members deadLetters replayable } }')
      return ((data?.consumerGroups ?? []) as { name: string }[]).filter(({ name }) => name !== 'plugins')
    }
    const group = { name: 'plugin:acme', members: 1, deadLetters: 3, replayable: true }
    expect(await ofHandlers()).toEqual([{ ...group, lag: 2 }])
    await bus.publish([happened('first')])
    left = await bus.operations.latest()
    await bus.publish([
      happened('s1'),
      happened('s2'),
      happened('s3', { client: 'globex' }),
      { ...happened('s4'), type: 'test.other' },
    ])
    expect(await ofHandlers()).toEqual([{ ...group, lag: 4 }])
    await host.close()
    expect(await ofHandlers()).toEqual([])
  })

  test('are given events again by a replay to them, for which they have a handler', async () => {
    const handle = async (event: PlatformEvent) => void taken.push(nameOf(event))
    await bus.subscribe({
      group: 'plugins',
      handle: nothing,
      replay: { begin: nothing, end: nothing, abandon: nothing, handle },
    })
    await bus.publish([...interleaved(['s'], 2), happened('x', { client: 'globex' })])
    const from = new Date(Date.now() - 60_000).toISOString()
    const input = { client: 'acme', group: 'plugin:acme', from }
    const { data } = await ask(replayEvents, { ...input, type })
    const { id } = Object(data?.replayEvents)
    const shown = 'query ($id: ID!) { replay(id: $id) { status client consumerGroup } }'
    await eventually(
      'it is done',
      async () => Object((await ask(shown, { id })).data?.replay).status === 'DONE',
    )
    expect((await ask(shown, { id })).data?.replay).toMatchObject({ consumerGroup: 'plugin:acme' })
    expect(taken).toEqual(['s-0', 's-1'])

    expect(await codeOf(replayEvents, { ...input, client: 'globex' })).toBe('BAD_USER_INPUT')
    expect(await codeOf(replayEvents, { ...input, client: 'globex', group: 'plugin:globex' })).toBe(
      'NOT_FOUND',
    )
    expect(await codeOf(replayEvents, { ...input, type: 'test.other' })).toBe('BAD_USER_INPUT')
    expect(await codeOf(replayEvents, input, platform.keys.deploy)).toBe('FORBIDDEN')
  })
})

test('a replay that cannot be is refused', async () => {
  const from = new Date(Date.now() - 60_000).toISOString()
  await bus.subscribe({ group: 'plain', handle: async () => undefined })
  const input = { client: 'acme', group: 'plain', from }
  expect(await codeOf(replayEvents, { ...input, client: 'nobody' })).toBe('NOT_FOUND')
  expect(await codeOf(replayEvents, { ...input, group: 'nobody' })).toBe('NOT_FOUND')
  expect(await codeOf(replayEvents, input)).toBe('BAD_USER_INPUT')
  expect(await codeOf(replayEvents, { ...input, to: from })).toBe('BAD_USER_INPUT')
  expect(await codeOf(replayEvents, { ...input, from: 'yesterday' })).toBe('BAD_USER_INPUT')
  expect((await ask('{ replay(id: "nothing") { id } }')).data).toEqual({ replay: null })
})

test('dead letters are listed page by page, and handled again', async () => {
  let broken = true
  const handled: string[] = []
  await bus.subscribe({
    group: 'mail',
    async handle(event) {
      if (event.source === 'control') return
      if (broken) throw new Error('no server')
      handled.push(nameOf(event))
    },
  })
  const lettersOf = async (more = {}) => {
    const { data } = await ask(
      `query ($client: String, $first: Int, $after: String) { deadLetters(consumerGroup: "mail", client: $client, first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { id error file line attempts redelivering event { subject data } } } } }`,
      more,
    )
    return data?.deadLetters as Edges<{ id: string; error: string }>
  }
  await bus.publish([...interleaved(['s'], 3), happened('x', { client: 'globex' })])
  await eventually('all are dead', async () => (await lettersOf()).edges.length === 4)
  const first = await lettersOf({ client: 'acme', first: 2 })
  expect(first.edges.map(({ node }) => node)).toMatchObject([
    { file: null, line: null, attempts: 1, redelivering: false, event: { subject: 's', data: null } },
    { attempts: 1 },
  ])
  expect(first.edges[0]?.node.error).toContain('no server')
  expect(first.pageInfo.hasNextPage).toBe(true)
  expect((await lettersOf({ client: 'acme', first: 2, after: first.pageInfo.endCursor })).edges.length).toBe(
    1,
  )
  expect((await ask('{ consumerGroups { name lag members deadLetters replayable } }')).data).toEqual({
    consumerGroups: [{ name: 'mail', lag: 0, members: 1, deadLetters: 4, replayable: false }],
  })
  broken = false
  const redeliver = `mutation ($client: String, $ids: [ID!]) {
    redeliverDeadLetters(consumerGroup: "mail", client: $client, ids: $ids) { count } }`
  const [letter] = first.edges
  expect((await ask(redeliver, { ids: [letter?.node.id, 'nothing'] })).data).toEqual({
    redeliverDeadLetters: { count: 1 },
  })
  await eventually(
    'it is handled',
    async () => new Set(handled).size === 1 && (await lettersOf()).edges.length === 3,
  )
  expect((await ask(redeliver, { client: 'acme' })).data).toEqual({ redeliverDeadLetters: { count: 2 } })
  await eventually('all of acme are', async () => (await lettersOf()).edges.length === 1)
  expect(new Set(handled).size).toBe(3)
  const wanted = { client: null, type: 'control.dead_letters.redelivery_requested', subject: 'mail' }
  const record = await bus.operations.history(wanted, { after: null, limit: 10, newestFirst: false })
  expect(record.map(({ event }) => event.client)).toEqual(['acme', 'acme'])
  const catalogue = await readEventCatalogue()
  for (const { event } of record) catalogue.check(event)
})

test('all of it is for operators, and says so where there is no bus', async () => {
  const forbidden = [
    '{ events { totalCount } }',
    '{ consumerGroups { name } }',
    '{ deadLetters(consumerGroup: "a") { pageInfo { hasNextPage } } }',
    '{ replay(id: "r") { id } }',
    'mutation { replayEvents(client: "acme", consumerGroup: "a", from: "2026-01-01T00:00:00Z") { id } }',
    'mutation { redeliverDeadLetters(consumerGroup: "a") { count } }',
  ]
  for (const operation of forbidden)
    expect(await codeOf(operation, {}, platform.keys.deploy)).toBe('FORBIDDEN')
  const [refused] = (await listen(added, {}, platform.keys.deploy).next()).value?.errors ?? []
  expect(refused?.extensions?.code).toBe('FORBIDDEN')
  const without = await startPlatform()
  const answer = await without.gateway.query('{ consumerGroups { name } }', {
    'x-api-key': without.keys.operator,
  })
  expect(answer.errors?.[0]?.extensions.code).toBe('NOT_AVAILABLE')
  await without.close()
})
