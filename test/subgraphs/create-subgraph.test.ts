import { once } from 'node:events'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { TrellisError } from '../../foundation/errors.ts'
import { createGatewayTokenSigner } from '../../foundation/gateway-token.ts'
import { silentLog } from '../../foundation/log.ts'
import type { RunningService } from '../../foundation/service.ts'
import { createSigningKeys } from '../../foundation/signing-keys.ts'
import type { Call } from '../../subgraphs/call.ts'
import { createSubgraph } from '../../subgraphs/create-subgraph.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayStandIn, keysInMemory, startGatewayStandIn } from '../support/gateway-stand-in.ts'
import { viewersOf } from '../support/module-under-test.ts'

const acme = viewersOf('acme')
const secretOfTheDatabase = 'password=hunter2'

/** The common ground under resolvers of this test's own, on the SDL of notifications. */
type Context = { call: Call; serial: number }

let gateway: GatewayStandIn
let service: RunningService
let contexts: Context[]
let ended: string[]

beforeAll(async () => {
  gateway = await startGatewayStandIn()
  contexts = []
  ended = []
  service = await createSubgraph<Context>(
    {
      name: 'notifications',
      createContext(call) {
        const context = { call, serial: contexts.length }
        contexts.push(context)
        return context
      },
      resolvers: {
        Query: {
          notifications(_: unknown, { first, after }: { first: number; after?: string }) {
            if (after === 'refused')
              throw new TrellisError('FORBIDDEN', 'Not you.', { extensions: { why: 'test' } })
            if (after === 'broken') throw new Error(`could not connect: ${secretOfTheDatabase}`)
            return { edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false }, totalCount: first }
          },
        },
        Mutation: { markRead: (_: unknown, { ids }: { ids: string[] }) => ids.length },
        Subscription: {
          notificationAdded: {
            subscribe: (_: unknown, { after }: { after?: string }, { call }: Context) =>
              numbers(after ?? '', call),
          },
        },
        Notification: {
          title: (_: unknown, _args: object, { serial }: Context) => String(serial),
        },
      },
    },
    { host: '127.0.0.1', port: 0, gatewayUrl: gateway.url, credential: 'a credential', log: silentLog },
  )
})

afterAll(async () => {
  await service.close()
  await gateway.close()
})

async function* numbers(name: string, { signal }: Call) {
  if (name === 'refused') throw new TrellisError('CURSOR_INVALID', 'No such cursor.')
  if (name === 'broken') throw new Error(secretOfTheDatabase)
  try {
    for (const id of ['1', '2']) {
      yield { notificationAdded: { cursor: id, lagged: 0, notification: { id, topic: 't' } } }
    }
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    ended.push(name)
  }
}

async function post(token: string | undefined, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body,
  })
  return { status: response.status, body: await response.json() }
}

const query = (after?: string) =>
  JSON.stringify({
    query: 'query ($a: String) { notifications(after: $a) { totalCount } }',
    variables: { a: after },
  })
const memberToken = () => gateway.token(acme.member, 'notifications')

describe('a call over HTTP', () => {
  test('is answered when the gateway signed it for this module', async () => {
    const { status, body } = await post(await memberToken(), query(), {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
    expect({ status, body }).toEqual({ status: 200, body: { data: { notifications: { totalCount: 20 } } } })
    expect(contexts.at(-1)?.call).toMatchObject({
      viewer: acme.member,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
  })

  test.each([
    ['without a token', async () => undefined],
    ['with a token for another module', () => gateway.token(acme.member, 'users')],
    ['with a token that another key signed', forgedToken],
    ['with a token that was tampered with', async () => tampered(await memberToken())],
    ['with an unsigned token', async () => unsigned(await memberToken())],
    ['with an expired token', expiredToken],
    ["with an operator's token", () => gateway.token({ kind: 'OPERATOR', keyId: 'o' }, 'notifications')],
  ])('is refused %s, before anything of it is read', async (_how, token) => {
    const { status, body } = await post(await token(), 'not even JSON')
    expect(status).toBe(401)
    expect(body.data).toBeUndefined()
    expect(body.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED' })
  })

  test('tells the caller what was made for the caller, and of other failures nothing but the path', async () => {
    const refused = await post(await memberToken(), query('refused'))
    expect(refused.body.errors).toMatchObject([
      { message: 'Not you.', path: ['notifications'], extensions: { code: 'FORBIDDEN', why: 'test' } },
    ])
    const broken = await post(await memberToken(), query('broken'))
    expect(broken.body.errors).toMatchObject([
      { message: 'Internal error.', path: ['notifications'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ])
    expect(JSON.stringify(broken.body)).not.toContain('hunter2')
  })

  test.each([
    ['a document that does not parse', JSON.stringify({ query: '{' }), 'GRAPHQL_PARSE_FAILED'],
    ['a field that does not exist', JSON.stringify({ query: '{ nothing }' }), 'GRAPHQL_VALIDATION_FAILED'],
    ['a body that is not JSON', '{', 'BAD_USER_INPUT'],
    ['a body that is too large', JSON.stringify({ query: ' '.repeat(5 * 1024 * 1024) }), 'BAD_USER_INPUT'],
  ])('answers %s as the fault of the request', async (_what, body, code) => {
    const answer = await post(await memberToken(), body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].extensions.code).toBe(code)
  })

  test('health needs no token', async () => {
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200)
  })
})

const subscription =
  'subscription ($a: String) { notificationAdded(after: $a) { cursor notification { id title } } }'

describe('a subscription', () => {
  test('answers every event in a context of its own, and aborts its call when it ends', async () => {
    await using socket = connect()
    const events = socket.iterate(await memberToken(), 'first')
    const titles = [await events.next(), await events.next()].map(({ value }) => titleOf(value))
    expect(new Set(titles).size).toBe(2)
    expect(ended).not.toContain('first')
    await events.return?.(undefined)
    await eventually('the source has ended', () => ended.includes('first'))
  })

  test('that fails or is refused ends alone: the socket is everybody’s', async () => {
    await using socket = connect()
    const healthy = socket.iterate(await memberToken(), 'healthy')
    await healthy.next()
    for (const token of [undefined, await forgedToken(), await gateway.token(acme.member, 'users')]) {
      await expect(socket.iterate(token, 'x').next()).rejects.toMatchObject([
        { extensions: { code: 'UNAUTHENTICATED' } },
      ])
    }
    await expect(socket.iterate(await memberToken(), 'refused').next()).rejects.toMatchObject([
      { message: 'No such cursor.', extensions: { code: 'CURSOR_INVALID' } },
    ])
    await expect(socket.iterate(await memberToken(), 'broken').next()).rejects.toEqual([
      { message: 'Internal error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ])
    expect((await healthy.next()).value).toMatchObject({ data: { notificationAdded: { cursor: '2' } } })
    expect(socket.closings).toEqual([])
  })

  test.each([
    ['a query', '{ notifications { totalCount } }', 'BAD_USER_INPUT'],
    ['a document that does not parse', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['a field that does not exist', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('is what the socket is for; %s is refused', async (_what, document, code) => {
    await using socket = connect()
    await expect(socket.iterate(await memberToken(), 'x', document).next()).rejects.toMatchObject([
      { extensions: { code } },
    ])
  })
})

test('registers its SDL, address and credential; closing says good-bye and closes sockets with 1001', async () => {
  const path = gateway.registrations[0]?.path ?? ''
  expect(path).toMatch(/^\/modules\/notifications\/instances\/[0-9a-f-]{36}$/)
  expect(gateway.registrations[0]).toMatchObject({
    method: 'PUT',
    authorization: 'Bearer a credential',
    body: { url: service.url, sdl: expect.stringContaining('type Notification @key(fields: "id")') },
  })
  const socket = connect()
  await socket.iterate(await memberToken(), 'open').next()
  await service.close()
  await eventually('the socket is closed', () => socket.closings.length > 0)
  expect(socket.closings).toEqual([1001])
  expect(gateway.registrations.at(-1)).toMatchObject({ method: 'DELETE', path })
  await expect(fetch(`${service.url}/health/live`)).rejects.toThrow()
})

function connect() {
  const closings: number[] = []
  const client = createClient({
    url: `${service.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: { closed: (event) => closings.push((event as CloseEvent).code) },
  })
  return {
    closings,
    iterate: (token: string | undefined, after: string, document = subscription) =>
      client.iterate({ query: document, variables: { a: after }, extensions: { token } }),
    [Symbol.asyncDispose]: async () => client.dispose(),
  }
}

function titleOf(result: unknown): string {
  return (result as { data: { notificationAdded: { notification: { title: string } } } }).data
    .notificationAdded.notification.title
}

async function forgedToken(): Promise<string> {
  const sign = createGatewayTokenSigner(await createSigningKeys(keysInMemory()))
  return sign({ viewer: acme.admin, depth: 0 }, 'notifications')
}

function expiredToken(): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) - 3600
  return gateway.keys.sign({
    iss: 'trellis-gateway',
    aud: 'notifications',
    exp,
    viewer: acme.admin,
    depth: 0,
  })
}

function tampered(token: string): string {
  const [header, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const raised = { ...claims, viewer: acme.admin }
  return [header, Buffer.from(JSON.stringify(raised)).toString('base64url'), signature].join('.')
}

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  return `${header}.${token.split('.')[1]}.`
}
