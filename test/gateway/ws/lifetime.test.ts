import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'graphql'
import type { Close } from '../../../foundation/closing.ts'
import { TrellisError } from '../../../foundation/errors.ts'
import { silentLog } from '../../../foundation/log.ts'
import type { Authenticator, Identity } from '../../../gateway/access/authenticate.ts'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { createSubscribeOperation } from '../../../gateway/subscriptions/subscribe-operation.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import {
  createSocketCounts,
  defaultSocketLimits,
  type SocketLimits,
} from '../../../gateway/ws/socket-limits.ts'
import { startWebSocketServer } from '../../../gateway/ws/websocket-server.ts'
import { compose } from '../../federation/compose.ts'
import { eventually } from '../../support/eventually.ts'
import { generationsOf } from '../../support/generations-of.ts'
import { createLogModule, type LogModule } from '../subscriptions/log-module.ts'
import { openRawSocket, type RawSocket } from './raw-socket.ts'

type Token = { user: string; roles?: 'MEMBER'[]; forMs?: number }

/** A door with an authentication of its own, whose tokens are what they say, and a module behind it. */
describe('a socket, for as long as it lasts', () => {
  let module: LogModule
  let server: Server
  let close: Close
  let closeSubgraph: Close
  let revoked: Set<string>
  let recheck: () => void
  const sockets: RawSocket[] = []

  const identityOf = ({ user, roles = ['MEMBER'], forMs }: Token): Identity => ({
    viewer: { kind: 'USER', client: 'acme', userId: user, sessionId: 's', roles },
    depth: 0,
    keyIds: [user],
    expiresAt: forMs === undefined ? null : Date.now() + forMs,
  })
  const authenticator: Authenticator = {
    async authenticate({ authorization }) {
      if (!authorization?.startsWith('{')) throw new TrellisError('UNAUTHENTICATED', 'No.')
      const identity = identityOf(JSON.parse(authorization))
      if (!authenticator.holds(identity)) throw new TrellisError('UNAUTHENTICATED', 'No longer.')
      return identity
    },
    holds: ({ keyIds, expiresAt }) =>
      keyIds.every((id) => !revoked.has(id)) && (expiresAt === null || expiresAt > Date.now()),
  }

  async function start(given: Partial<SocketLimits> = {}) {
    const limits = { ...defaultSocketLimits, ...given }
    const planner = createPlanner(compose({ log: { sdl: module.sdl } }))
    const subgraph = createHttpSubgraph({
      audience: 'log',
      endpoint: () => {
        const url = module.endpoint()
        return url && `${url}/graphql`
      },
      sign: null,
      timeoutMs: 5_000,
    })
    closeSubgraph = subgraph.close
    const subgraphs = new Map([['log', subgraph]])
    const generation = {
      id: '1',
      planner,
      subgraphs,
      rules: null,
      executor: createExecutor({ ...planner, subgraphs }),
    }
    const lease = { generation, [Symbol.dispose]: () => undefined }
    const subscribe = createSubscribeOperation({ format: (error) => error.toJSON() })
    close = startWebSocketServer({
      server,
      authenticator,
      acquire: async () => ({
        graph: {
          schema: planner.schema,
          answer: () => Promise.reject(new Error('Not over HTTP.')),
          async execute({ query = '', variables = {} }, { disconnected }) {
            const planned = await planner.plan(parse(query), undefined)
            const caller = { viewer: null, depth: 0, traceparent: undefined }
            return generation.executor.execute(planned, { caller, variables, signal: disconnected })
          },
          subscribe: (request, { viewer, disconnected }) =>
            subscribe(
              {
                ...request,
                caller: { viewer: viewer?.kind === 'USER' ? viewer : null, depth: 0, traceparent: undefined },
                signal: disconnected,
              },
              generationsOf(async () => lease),
            ),
        },
        [Symbol.dispose]: () => undefined,
      }),
      onCredentialsChange(listener) {
        recheck = listener
        return () => undefined
      },
      limits,
      counts: createSocketCounts(limits),
      log: silentLog,
    })
  }

  beforeEach(async () => {
    revoked = new Set()
    module = createLogModule()
    await module.startInstance()
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    for (const { socket } of sockets.splice(0)) socket.terminate()
    await close()
    await closeSubgraph()
    await module.close()
    server.close()
  })

  const endpoint = () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const credentials = (token: Token) => ({ authorization: JSON.stringify(token) })
  async function open(token: Token): Promise<RawSocket> {
    const raw = await openRawSocket(endpoint())
    sockets.push(raw)
    raw.send({ type: 'connection_init', payload: credentials(token) })
    return raw
  }
  async function connect(token: Token) {
    const raw = await open(token)
    expect(await raw.next()).toEqual({ type: 'connection_ack' })
    return raw
  }
  const query = 'subscription ($after: String) { changed(after: $after) { n } }'
  const subscribe = (raw: RawSocket, id: string, after?: string) =>
    raw.send({ id, type: 'subscribe', payload: { query, variables: { after } } })
  const event = (id: string, n: number) => ({ id, type: 'next', payload: { data: { changed: { n } } } })

  test('subscriptions end with their token, by name; the socket waits for a fresh one and goes on', async () => {
    await start()
    const raw = await connect({ user: 'ada', forMs: 2_000 })
    subscribe(raw, 's', '0')
    module.append(1)
    expect(await raw.next()).toEqual(event('s', 1))
    expect(await raw.next()).toMatchObject({
      id: 's',
      type: 'error',
      payload: [{ extensions: { code: 'TOKEN_EXPIRED' } }],
    })
    subscribe(raw, 'refused', '1')
    expect(await raw.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    })
    raw.send({ type: 'ping', payload: credentials({ user: 'ada' }) })
    expect(await raw.next()).toEqual({ type: 'pong', payload: { accepted: true, expiresAt: null } })
    subscribe(raw, 's', '1')
    module.append(2)
    expect(await raw.next()).toEqual(event('s', 2))
  })

  test('a fresh token before the end: nothing ends', async () => {
    await start()
    const raw = await connect({ user: 'ada', forMs: 2_000 })
    subscribe(raw, 's', '0')
    raw.send({ type: 'ping', payload: credentials({ user: 'ada', forMs: 60_000 }) })
    expect(await raw.next()).toMatchObject({ type: 'pong', payload: { accepted: true } })
    const expiredAt = Date.now() + 2_100
    await eventually('the first token has expired', () => Date.now() > expiredAt)
    module.append(1)
    expect(await raw.next()).toEqual(event('s', 1))
  })

  test('with other roles the same subscription goes on, as another viewer, from its place', async () => {
    await start()
    const raw = await connect({ user: 'ada' })
    subscribe(raw, 's', '0')
    module.append(1)
    expect(await raw.next()).toEqual(event('s', 1))
    raw.send({ type: 'ping', payload: credentials({ user: 'ada', roles: [] }) })
    expect(await raw.next()).toMatchObject({ type: 'pong', payload: { accepted: true } })
    module.append(2)
    expect(await raw.next()).toEqual(event('s', 2))
    expect(module.asked).toEqual(['0', '1'])
  })

  test('a fresh token of somebody else, or one that is none, is refused, and nothing changes', async () => {
    await start()
    const raw = await connect({ user: 'ada' })
    subscribe(raw, 's', '0')
    raw.send({ type: 'ping', payload: credentials({ user: 'bob' }) })
    expect(await raw.next()).toEqual({ type: 'pong', payload: { accepted: false, code: 'FORBIDDEN' } })
    raw.send({ type: 'ping', payload: { authorization: 'forged' } })
    expect(await raw.next()).toEqual({ type: 'pong', payload: { accepted: false, code: 'UNAUTHENTICATED' } })
    module.append(1)
    expect(await raw.next()).toEqual(event('s', 1))
  })

  test('a socket that gets no fresh token is closed after the time of grace', async () => {
    await start({ graceMs: 100 })
    const raw = await connect({ user: 'ada', forMs: 200 })
    subscribe(raw, 's', '0')
    expect(await raw.next()).toMatchObject({ payload: [{ extensions: { code: 'TOKEN_EXPIRED' } }] })
    expect(await raw.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
  })

  test('who was revoked gets no event more, even before the gateway looks for it', async () => {
    await start()
    const raw = await connect({ user: 'ada' })
    const other = await connect({ user: 'bob' })
    for (const each of [raw, other]) subscribe(each, 's', '0')
    module.append(1)
    await Promise.all([raw.next(), other.next()])
    revoked.add('ada')
    module.append(2)
    expect(await raw.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
    expect(raw.received.filter(({ type }) => type === 'next')).toHaveLength(1)
    expect(await other.next()).toEqual(event('s', 2))
    revoked.add('bob')
    recheck()
    expect((await other.closed).code).toBe(4403)
  })

  test('no connection_init in time: 4408', async () => {
    await start({ initialisedWithinMs: 50 })
    const raw = await openRawSocket(endpoint())
    expect(await raw.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' })
  })

  test('a socket that does not answer pings is cut; one that does stays', async () => {
    await start({ pingEveryMs: 100 })
    const dead = await connect({ user: 'ada' })
    const alive = await connect({ user: 'bob' })
    let pings = 0
    alive.socket.on('ping', () => {
      pings += 1
    })
    dead.socket.pause()
    await eventually('it is gone', async () => {
      subscribe(alive, crypto.randomUUID(), '0')
      return module.open() === 1
    })
    const before = pings
    await eventually('the other was asked again and again', () => pings >= before + 3)
    dead.socket.resume()
    expect((await dead.closed).code).toBe(1006)
    expect(alive.socket.readyState).toBe(alive.socket.OPEN)
  })

  test('too many operations: the one too many has its error, the others go on', async () => {
    await start({ operationsPerSocket: 2 })
    const raw = await connect({ user: 'ada' })
    for (const id of ['a', 'b', 'c']) subscribe(raw, id, '0')
    expect(await raw.next()).toMatchObject({
      id: 'c',
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }],
    })
    raw.send({ id: 'a', type: 'complete' })
    subscribe(raw, 'd', '0')
    module.append(1)
    expect([await raw.next(), await raw.next()]).toEqual([event('b', 1), event('d', 1)])
  })

  test('too many sockets of a user, of a client: 1013; one that leaves makes room', async () => {
    await start({ socketsPerUser: 1, socketsPerClient: 2 })
    const first = await connect({ user: 'ada' })
    expect(await (await open({ user: 'ada' })).closed).toEqual({ code: 1013, reason: 'TOO_MANY_CONNECTIONS' })
    await connect({ user: 'bob' })
    expect((await (await open({ user: 'eve' })).closed).code).toBe(1013)
    first.socket.close()
    await first.closed
    await eventually('there is room', async () => {
      const raw = await open({ user: 'ada' })
      return (await Promise.race([raw.next(), raw.closed.then(() => null)])) !== null
    })
  })

  test('too many sockets altogether are refused before they are any', async () => {
    await start({ sockets: 1 })
    await connect({ user: 'ada' })
    await expect(openRawSocket(endpoint())).rejects.toThrow('503')
  })

  test('a flood of messages is closed with 1008, a message too large with 1009', async () => {
    await start({ messagesPerSecond: 10, messageBytes: 10_000 })
    const flood = await connect({ user: 'ada' })
    for (let n = 0; n < 200; n += 1) flood.send({ type: 'ping' })
    expect(await flood.closed).toEqual({ code: 1008, reason: 'RATE_LIMITED' })
    const large = await connect({ user: 'ada' })
    large.send({ type: 'ping', payload: { text: 'x'.repeat(10_000) } })
    expect((await large.closed).code).toBe(1009)
  })

  test('one who does not read costs the others nothing and misses nothing', async () => {
    await start({ pingEveryMs: 60_000 })
    const slow = await connect({ user: 'ada' })
    const quick = await connect({ user: 'ada' })
    const large = 'subscription ($after: String) { changed(after: $after) { n text } }'
    for (const raw of [slow, quick]) {
      raw.send({ id: 's', type: 'subscribe', payload: { query: large, variables: { after: '0' } } })
    }
    slow.socket.pause()
    const numbers = Array.from({ length: 5_000 }, (_, index) => index + 1)
    module.append(...numbers)
    await eventually('the quick one has all', () => quick.received.length === numbers.length + 1, 30_000)
    const askedByTheQuick = module.asked.length
    slow.socket.resume()
    await eventually('the slow one too', () => slow.received.length === numbers.length + 1, 30_000)
    expect(slow.received.slice(1)).toMatchObject(
      numbers.map((n) => ({ payload: { data: { changed: { n } } } })),
    )
    expect(module.asked.length).toBeGreaterThan(askedByTheQuick)
  }, 60_000)

  test('closing: what is under way is answered, then 1001; subscriptions are not completed', async () => {
    await start()
    const raw = await connect({ user: 'ada' })
    subscribe(raw, 's', '0')
    module.append(1)
    await raw.next()
    raw.send({ id: 'q', type: 'subscribe', payload: { query: '{ __typename }' } })
    await eventually('it has arrived', () => raw.received.some(({ id }) => id === 'q'))
    await close()
    expect((await raw.closed).code).toBe(1001)
    expect(raw.received.filter(({ id, type }) => id === 's' && type === 'complete')).toEqual([])
  })
})
