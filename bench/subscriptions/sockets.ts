import { randomBytes, randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { readFrames, writeFrame } from './frames.ts'
import { now } from './scenario.ts'

// The clients of one server, in a process of their own: bare sockets that speak graphql-transport-ws, so that what is
// measured is the server. The first message of each event is read and looked at; the others must be the same bytes.

export type SocketsOrder =
  /** Opens so many sockets, each with one subscription; answers `{ opened }` once the server has read all of them. */
  | { kind: 'open'; port: number; count: number; query: string }
  /** Forgets what was measured. */
  | { kind: 'reset' }
  /** Answers with a `SocketsReport`. */
  | { kind: 'report' }
  | { kind: 'close' }

export type SocketsReport = {
  messages: number
  /** Of one message, as it is in its frame. */
  bytes: number
  /** The text of one message. */
  example: string
  p50Ms: number
  p99Ms: number
  maxMs: number
}

const atOnce = 100
/** An id is a UUID, as with the stock clients, and the first field of a message. */
const idEnd = '{"id":"'.length + 36

const sockets: Socket[] = []
let event: { text: Buffer; at: number; received: number } | null = null
let latencies: number[] = []

process.on('message', (order: SocketsOrder) => {
  switch (order.kind) {
    case 'open':
      return void open(order).then(
        () => process.send?.({ opened: sockets.length }),
        (error) => process.send?.({ error: String(error) }),
      )
    case 'reset':
      latencies = []
      event = null
      return
    case 'report':
      return void process.send?.(report())
    case 'close':
      for (const socket of sockets.splice(0)) socket.destroy()
      event = null
      process.send?.({ opened: 0 })
      return
    default:
      return order satisfies never
  }
})
process.on('disconnect', () => process.exit(0))

async function open({ port, count, query }: SocketsOrder & { kind: 'open' }): Promise<void> {
  let left = count
  const openInTurn = async () => {
    while (left-- > 0) sockets.push(await openSocket(port, query))
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openInTurn))
}

/** Resolves once the server has answered a ping that was sent behind the subscription. */
function openSocket(port: number, query: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const send = (message: object) => socket.write(writeFrame(1, Buffer.from(JSON.stringify(message))))
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  let isReady = false
  const receive = readFrames((opcode, payload) => {
    if (opcode === 9) return void socket.write(writeFrame(10, payload))
    if (opcode === 8) return void socket.destroy(new Error(`Closed: ${payload.subarray(2)}`))
    if (opcode !== 1) return
    if (isReady) return take(payload)
    const { type } = JSON.parse(payload.toString())
    if (type === 'connection_ack') {
      send({ id: randomUUID(), type: 'subscribe', payload: { query } })
      send({ type: 'ping' })
    }
    if (type !== 'pong') return
    isReady = true
    resolve(socket)
  })
  send({ type: 'connection_init' })
  let head = ''
  let isUpgraded = false
  socket.on('data', (chunk: Buffer) => {
    if (isUpgraded) return receive(chunk)
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    isUpgraded = true
    if (!head.startsWith('HTTP/1.1 101')) return void socket.destroy(new Error(head))
    if (head.length > end + 4) receive(Buffer.from(head.slice(end + 4), 'latin1'))
  })
  const lose = (error: Error) => (isReady ? fail(error) : reject(error))
  socket.on('error', lose)
  socket.on('close', () => {
    if (!isReady || sockets.includes(socket)) lose(new Error('The server has cut the connection.'))
  })
  return promise
}

/** All sockets are sent the same, but for the subscription's id at the beginning. */
function take(payload: Buffer): void {
  const at = now()
  if (!event || event.received === sockets.length || !isSame(event.text, payload)) event = begin(payload)
  event.received += 1
  latencies.push(at - event.at)
  if (event.received === sockets.length) process.send?.({ delivered: event.received })
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.compare(other, idEnd, other.length, idEnd, one.length) === 0
}

function begin(payload: Buffer): NonNullable<typeof event> {
  if (event && event.received < sockets.length) {
    return fail(`A message differs from the others: ${payload} ${event.text}`)
  }
  const { type, payload: answer } = JSON.parse(payload.toString())
  const at = answer?.data?.posted?.at
  if (type !== 'next' || answer.errors || typeof at !== 'number') return fail(`No message: ${payload}`)
  return { text: Buffer.from(payload), at, received: 0 }
}

function fail(reason: unknown): never {
  process.send?.({ error: String(reason) })
  throw reason
}

function report(): SocketsReport {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    messages: sorted.length,
    bytes: event?.text.length ?? 0,
    example: event?.text.toString() ?? '',
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  }
}
