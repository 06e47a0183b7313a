import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'
import { openRawSocket, type RawSocket } from './raw-socket.ts'

/** Against the text of PROTOCOL.md of graphql-ws, sentence by sentence, with nothing of the library in between. */
describe('graphql-transport-ws', () => {
  let platform: Platform
  const open: RawSocket[] = []
  beforeAll(async () => {
    platform = await startPlatform()
  })
  afterEach(() => {
    for (const { socket } of open.splice(0)) socket.terminate()
  })
  afterAll(() => platform.close())

  const endpoint = () => `${platform.gateway.url.replace('http', 'ws')}/graphql`
  const connect = async () => {
    const raw = await openRawSocket(endpoint())
    open.push(raw)
    return raw
  }
  const connectAndInit = async () => {
    const raw = await connect()
    raw.send({ type: 'connection_init', payload: { apiKey: platform.keys.sk } })
    expect(await raw.next()).toEqual({ type: 'connection_ack' })
    return raw
  }
  const subscribe = (id: string, query: string) => ({ id, type: 'subscribe', payload: { query } })

  test('another sub-protocol, or none, is closed with 4406', async () => {
    const none = new WebSocket(endpoint())
    expect((await once(none, 'close'))[0]).toBe(4406)
    // None can be chosen of those it offers: a client fails by itself then.
    const other = new WebSocket(endpoint(), ['graphql-ws', 'mqtt'])
    const [error] = await once(other, 'error')
    expect(String(error)).toContain('subprotocol')
  })

  test('a second connection_init is closed with 4429, before and after the acknowledgement', async () => {
    const early = await connect()
    early.send({ type: 'connection_init', payload: { apiKey: platform.keys.sk } })
    early.send({ type: 'connection_init', payload: { apiKey: platform.keys.sk } })
    expect(await early.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' })
    const late = await connectAndInit()
    late.send({ type: 'connection_init' })
    expect((await late.closed).code).toBe(4429)
  })

  test('subscribe before the acknowledgement is closed with 4401', async () => {
    const before = await connect()
    before.send(subscribe('1', '{ caller }'))
    expect(await before.closed).toEqual({ code: 4401, reason: 'Unauthorized' })
    const between = await connect()
    between.send({ type: 'connection_init', payload: { apiKey: platform.keys.sk } })
    between.send(subscribe('1', '{ caller }'))
    expect((await between.closed).code).toBe(4401)
  })

  test('who is not let in is closed with 4403, and the code', async () => {
    const raw = await connect()
    raw.send({ type: 'connection_init', payload: { apiKey: 'nobody' } })
    expect(await raw.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
  })

  test.each<[string, unknown]>([
    ['what is no JSON', '{'],
    ['what is no object', '[]'],
    ['no type', { id: '1' }],
    ['an unknown type', { type: 'start', id: '1' }],
    ['a type of the server', { type: 'next', id: '1', payload: { data: {} } }],
    ['an acknowledgement', { type: 'connection_ack' }],
    ['subscribe without id', { type: 'subscribe', payload: { query: '{ caller }' } }],
    ['subscribe with an empty id', { type: 'subscribe', id: '', payload: { query: '{ caller }' } }],
    ['subscribe with a number as id', { type: 'subscribe', id: 1, payload: { query: '{ caller }' } }],
    ['subscribe without payload', { type: 'subscribe', id: '1' }],
    ['subscribe without query', { type: 'subscribe', id: '1', payload: {} }],
    ['variables that are a list', { type: 'subscribe', id: '1', payload: { query: '{ a }', variables: [] } }],
    [
      'an operation name that is a number',
      { type: 'subscribe', id: '1', payload: { query: '{ a }', operationName: 1 } },
    ],
    ['complete without id', { type: 'complete' }],
    ['a ping whose payload is text', { type: 'ping', payload: 'x' }],
    ['nothing', ''],
  ])('%s is closed with 4400', async (_what, message) => {
    const raw = await connectAndInit()
    raw.send(message)
    expect((await raw.closed).code).toBe(4400)
  })

  test('a binary frame is closed with 4400', async () => {
    const raw = await connectAndInit()
    raw.socket.send(Buffer.from(JSON.stringify({ type: 'ping' })))
    expect((await raw.closed).code).toBe(4400)
  })

  test('pings are answered with their payload, at any time; pongs are taken unasked', async () => {
    const raw = await connect()
    raw.send({ type: 'ping' })
    expect(await raw.next()).toEqual({ type: 'pong' })
    raw.send({ type: 'pong' })
    raw.send({ type: 'ping', payload: { at: 1 } })
    expect(await raw.next()).toEqual({ type: 'pong', payload: { at: 1 } })
    raw.send({ type: 'connection_init', payload: { apiKey: platform.keys.sk } })
    await raw.next()
    raw.send({ type: 'pong', payload: { any: 'thing' } })
    raw.send({ type: 'ping', payload: null })
    expect(await raw.next()).toEqual({ type: 'pong' })
  })

  test('one result, then complete; the id is free again', async () => {
    const raw = await connectAndInit()
    for (let time = 0; time < 2; time += 1) {
      raw.send(subscribe('q', '{ caller }'))
      expect(await raw.next()).toEqual({
        id: 'q',
        type: 'next',
        payload: { data: { caller: 'SERVER of acme' } },
      })
      expect(await raw.next()).toEqual({ id: 'q', type: 'complete' })
    }
  })

  test('an error ends the operation without complete; the id is free again', async () => {
    const raw = await connectAndInit()
    raw.send(subscribe('e', '{ nope }'))
    expect(await raw.next()).toMatchObject({
      id: 'e',
      type: 'error',
      payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
    raw.send(subscribe('e', '{ caller }'))
    expect(await raw.next()).toMatchObject({ id: 'e', type: 'next' })
  })

  test('an id in use is closed with 4409', async () => {
    const raw = await connectAndInit()
    raw.send(subscribe('s', 'subscription { recordChanged { id } }'))
    raw.send(subscribe('s', '{ caller }'))
    expect(await raw.closed).toEqual({ code: 4409, reason: 'Subscriber for s already exists' })
    const long = await connectAndInit()
    const id = 'x'.repeat(200)
    long.send(subscribe(id, 'subscription { recordChanged { id } }'))
    long.send(subscribe(id, '{ caller }'))
    expect((await long.closed).code).toBe(4409)
  })

  test('an id completed and used again at once belongs to the second operation alone', async () => {
    const raw = await connectAndInit()
    raw.send(subscribe('x', 'query A { a: caller }'))
    raw.send({ id: 'x', type: 'complete' })
    raw.send(subscribe('x', 'query B { b: caller }'))
    expect(await raw.next()).toMatchObject({ type: 'next', payload: { data: { b: 'SERVER of acme' } } })
    expect(await raw.next()).toEqual({ id: 'x', type: 'complete' })
    raw.send({ type: 'ping' })
    expect(await raw.next()).toEqual({ type: 'pong' })
  })

  test('complete before the result: it is not sent; complete for what is over, or never was, is ignored', async () => {
    const raw = await connectAndInit()
    raw.send(subscribe('w', '{ waits }'))
    await platform.dataControl.waiting.promise
    raw.send({ id: 'w', type: 'complete' })
    raw.send({ id: 'w', type: 'complete' })
    raw.send({ id: 'never', type: 'complete' })
    platform.dataControl.release.resolve('late')
    raw.send(subscribe('after', '{ caller }'))
    expect(await raw.next()).toMatchObject({ id: 'after', type: 'next' })
    expect(await raw.next()).toMatchObject({ id: 'after', type: 'complete' })
    expect(raw.received.filter(({ id }) => id === 'w')).toEqual([])
  })

  test('ids such as __proto__ and quotes are ids like others', async () => {
    const raw = await connectAndInit()
    for (const id of ['__proto__', 'constructor', '"},{', '\u2028']) {
      raw.send(subscribe(id, '{ caller }'))
      expect(await raw.next()).toMatchObject({ id, type: 'next' })
      expect(await raw.next()).toMatchObject({ id, type: 'complete' })
    }
  })

  test('operations run side by side on one socket', async () => {
    const raw = await connectAndInit()
    for (let n = 0; n < 20; n += 1) raw.send(subscribe(`q${n}`, '{ caller }'))
    const messages = []
    while (messages.length < 40) messages.push(await raw.next())
    expect(messages.filter(({ type }) => type === 'complete')).toHaveLength(20)
  })
})
