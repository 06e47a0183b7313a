import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export type RawServer = {
  url: string
  /** Connections that were opened so far. */
  opened: Socket[]
  /** Resolves with the socket once that many whole requests have come, on whichever connections. */
  request(count: number): Promise<Socket>
  close(): Promise<void>
}

/** A server that answers each request with whatever bytes the test wants; `answer` writes, cuts, or does nothing. `bytes`: latin1. */
export async function startRawServer(
  answer: (socket: Socket, request: number, bytes: string) => void,
): Promise<RawServer> {
  const opened: Socket[] = []
  const requests: Socket[] = []
  const waiting: (() => void)[] = []
  const server = createServer((socket) => {
    opened.push(socket)
    socket.on('error', () => socket.destroy())
    let pending = ''
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      const end = pending.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1])
      if (end < 0 || pending.length < end + 4 + length) return
      const bytes = pending
      pending = ''
      requests.push(socket)
      answer(socket, requests.length, bytes)
      for (const wake of waiting.splice(0)) wake()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    opened,
    async request(count) {
      for (;;) {
        const socket = requests[count - 1]
        if (socket) return socket
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    async close() {
      for (const socket of opened) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A whole answer. */
export function http(
  body: string,
  { status = '200 OK', headers = 'content-type: application/json' } = {},
): string {
  return `HTTP/1.1 ${status}\r\n${headers}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
