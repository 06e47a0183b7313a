import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { WebSocket } from 'ws'
import type { Close } from '../../foundation/closing.ts'
import { silentLog } from '../../foundation/log.ts'
import type { Call } from '../../subgraphs/call.ts'
import { createErrorFormat } from '../../subgraphs/format-error.ts'
import { serveSubscriptions } from '../../subgraphs/serve-subscriptions.ts'
import { eventually } from '../support/eventually.ts'
import { viewersOf } from '../support/module-under-test.ts'

/** How many events the sources were asked for, and how many answers were executed. */
let asked = 0
let failuresLeft = 0
let refusalsLeft = 0
/** What the source says of its place. */
let standing = ''
let placesAsked = 0
let address = ''
let closeSockets: Close
let closeServer: Close

const text = 'x'.repeat(100_000)
/** As the log's tail, it lets the process breathe, and it ends. */
async function* ticks(size: number, signal: AbortSignal) {
  for (let number = 1; number <= 50 && !signal.aborted; number++) {
    await setImmediate()
    asked += 1
    yield { ticked: { number, text: text.slice(0, size) } }
    if (size === 1) await once(signal, 'abort')
  }
}

const schema = makeExecutableSchema({
  typeDefs:
    'type Query { a: Int } type Subscription { ticked(size: Int = 1): Tick } type Tick { number: Int! text: String! }',
  resolvers: {
    Subscription: {
      ticked: {
        subscribe(_root: unknown, { size }: { size: number }, { call }: { call: Call }) {
          if (refusalsLeft-- > 0) throw new Error('the database is away')
          call.tellPlaces?.(() => {
            placesAsked += 1
            return standing
          })
          return ticks(size, call.signal)
        },
      },
    },
    Tick: {
      number({ number }: { number: number }) {
        if (failuresLeft-- > 0) throw new Error('the database is away')
        return number
      },
    },
  },
})

beforeEach(async () => {
  asked = 0
  failuresLeft = 0
  refusalsLeft = 0
  standing = 'the beginning'
  const server = createServer()
  closeSockets = serveSubscriptions(server, {
    schema,
    format: createErrorFormat(silentLog),
    verify: async (_credentials, signal) => ({ viewer: viewersOf('acme').member, signal, traceparent: null }),
    createContext: (call) => ({ call }),
    placesEveryMs: 20,
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  closeServer = async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})
afterEach(async () => {
  await closeSockets()
  await closeServer()
})

async function connect() {
  const socket = new WebSocket(address, 'graphql-transport-ws')
  const received: { type: string; id?: string; payload?: Record<string, unknown> }[] = []
  socket.on('message', (data) => received.push(JSON.parse(String(data))))
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  await eventually('the socket is taken', () => received.some(({ type }) => type === 'connection_ack'))
  received.length = 0
  const subscribe = (id: string, size: number, extensions = {}) =>
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        id,
        payload: { query: `subscription { ticked(size: ${size}) { number text } }`, extensions },
      }),
    )
  return { socket, received, subscribe }
}

test('says first where a subscription begins, to whoever asks', async () => {
  const { received, subscribe, socket } = await connect()
  subscribe('plain', 1)
  subscribe('placed', 1, { wantsPlace: true })
  await eventually(
    'both have their event',
    () => received.filter(({ payload }) => payload?.data).length === 2,
  )
  const payloads = (of: string) => received.filter(({ id }) => id === of).map(({ payload }) => payload)
  const event = { data: { ticked: { number: 1, text: 'x' } } }
  expect(payloads('plain')).toEqual([event])
  expect(payloads('placed')).toEqual([{ extensions: { place: 'the beginning' } }, event])
  socket.close()
})

test('says where a subscription without events stands, whenever that has moved on', async () => {
  const { received, subscribe, socket } = await connect()
  subscribe('placed', 1, { wantsPlace: true })
  await eventually('the event', () => received.some(({ payload }) => payload?.data))
  standing = 'further on'
  await eventually('it is told', () => received.length === 3)
  const before = placesAsked
  await eventually('it has not moved on, many times', () => placesAsked >= before + 5)
  expect(received.slice(2).map(({ payload }) => payload)).toEqual([{ extensions: { place: 'further on' } }])
  socket.send(JSON.stringify({ type: 'complete', id: 'placed' }))
  socket.close()
})

test('who subscribes while the database is away waits, and is told to try again when it stays away', async () => {
  const { received, subscribe, socket } = await connect()
  refusalsLeft = 3
  subscribe('patient', 1)
  await eventually('the event', () => received.length > 0)
  expect(received[0]?.payload).toEqual({ data: { ticked: { number: 1, text: 'x' } } })
  refusalsLeft = 100
  subscribe('lasting', 1)
  const answer = await eventually('its end', () => received.find(({ id }) => id === 'lasting'))
  expect(answer.payload).toEqual({
    errors: [
      {
        message: 'The subscription cannot begin at present. Try again in a moment.',
        path: ['ticked'],
        locations: [expect.anything()],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE' },
      },
    ],
  })
  expect(refusalsLeft).toBe(94)
  socket.close()
})

test('a failure of our own is tried again before it becomes the answer', async () => {
  const { received, subscribe, socket } = await connect()
  failuresLeft = 2
  subscribe('a', 1)
  await eventually('the event', () => received.length > 0)
  expect(received[0]?.payload).toEqual({ data: { ticked: { number: 1, text: 'x' } } })
  expect(asked).toBe(1)
  socket.close()
})

test('a socket that is not read costs as many answers as may be under way, whatever it has subscribed to', async () => {
  const slow = await connect()
  slow.socket.pause()
  for (let number = 0; number < 500; number++) slow.subscribe(String(number), text.length)
  await eventually('every subscription has begun', () => asked >= 500)
  const healthy = await connect()
  healthy.subscribe('h', text.length)
  await eventually('the healthy one has all', () => healthy.received.some(({ type }) => type === 'complete'))
  // Each has asked for one event, and what the network took before it was full made room for some more.
  expect(asked - 50).toBeLessThan(700)
  healthy.socket.close()
  slow.socket.resume()
  const numbersOf = (of: string) =>
    slow.received.filter(({ id, payload }) => id === of && payload?.data).map(({ payload }) => payload?.data)
  await eventually('the slow one goes on', () => numbersOf('7').length >= 3)
  expect(numbersOf('7')).toMatchObject(numbersOf('7').map((_, index) => ({ ticked: { number: index + 1 } })))
  slow.socket.terminate()
}, 30_000)

test('closing tells every socket that the server goes away', async () => {
  const { socket, subscribe, received } = await connect()
  subscribe('a', 1)
  await eventually('the event', () => received.length > 0)
  const closed = once(socket, 'close')
  await closeSockets()
  expect((await closed)[0]).toBe(1001)
})
