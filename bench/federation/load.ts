import { connect, type Socket } from 'node:net'
import { readMessages } from './raw-http.ts'

// A process of its own, beside the upstreams on the core that is not the gateway's. It is told what to send over its
// channel, sends it from a number of connections, each waiting for its answer, and reports.

export type LoadOrder = {
  port: number
  path: string
  headers: Readonly<Record<string, string>>
  /** The bodies of POSTs, sent in turn. */
  bodies: readonly string[]
  connections: number
  /** The run ends after so many seconds; or sooner, after so many requests. */
  seconds: number
  requests?: number
}

export type LoadReport = {
  requests: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** Answers that were not the same as the first one, or to different operations were not 200 with data. */
  wrong: number
  /** Of the answers, the first one that was wrong. */
  firstWrong: string | null
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.({ report }),
    (error) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))

async function run(order: LoadOrder): Promise<LoadReport> {
  const requests = order.bodies.map((body) => requestBytes(order, body))
  const latencies: number[] = []
  let first: Buffer | null = null
  let wrong = 0
  let firstWrong: string | null = null
  let next = 0
  const startedAt = performance.now()
  const endAt = startedAt + order.seconds * 1000
  const mostRequests = order.requests ?? Number.POSITIVE_INFINITY

  const check = (head: string, body: Buffer) => {
    first ??= Buffer.from(body)
    const isRight = order.bodies.length > 1 ? !body.includes('"errors"') : body.equals(first)
    if (head.startsWith('HTTP/1.1 200') && isRight) return
    wrong++
    firstWrong ??= `${head}\n${body.toString().slice(0, 500)}`
  }
  const runConnection = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let sentAt = 0
      const send = () => {
        sentAt = performance.now()
        socket.write(requests[next++ % requests.length] ?? '')
      }
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('The gateway closed a connection.')))
      socket.on(
        'data',
        readMessages(({ head, body }) => {
          const now = performance.now()
          latencies.push(now - sentAt)
          check(head, body)
          if (now < endAt && next < mostRequests) return send()
          socket.removeAllListeners('close')
          socket.destroy()
          resolve()
        }),
      )
      send()
    })
  const sockets = Array.from({ length: order.connections }, () =>
    connect({ port: order.port, host: '127.0.0.1', noDelay: true }),
  )
  await Promise.all(sockets.map(runConnection))
  const seconds = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    wrong,
    firstWrong,
  }
}

function requestBytes({ port, path, headers }: LoadOrder, body: string): Buffer {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    accept: 'application/json',
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
