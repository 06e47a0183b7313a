import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { readMessages } from '../raw-http.ts'

/** What `floor.ts` carries out for every request to the path: the calls of each wave together, one wave after the other. */
export type FloorScript = Readonly<
  Record<string, { waves: { path: string; body: string }[][]; answer: string }>
>

// No gateway: it makes the calls that ours makes, in the same order, reads no word of the answers, and replies with bytes
// it was given. Arguments: the script's file, the port, the upstreams' port.
const [file = '', port, upstreamPort] = process.argv.slice(2)
const script = JSON.parse(readFileSync(file, 'utf8')) as FloorScript

type Connection = { socket: Socket; answered: () => void }
const idle: Connection[] = []

const prepared = new Map(
  Object.entries(script).map(([path, { waves, answer }]) => [
    path,
    { waves: waves.map((wave) => wave.map(requestBytes)), answer: Buffer.from(answer) },
  ]),
)

createServer((request, response) => {
  const entry = prepared.get(request.url ?? '')
  request.resume()
  request.on('end', async () => {
    for (const wave of entry?.waves ?? []) await Promise.all(wave.map(call))
    response.writeHead(entry ? 200 : 404, {
      'content-type': 'application/json',
      'content-length': entry?.answer.length ?? 0,
    })
    response.end(entry?.answer)
  })
}).listen(Number(port), '127.0.0.1')

function call(bytes: Buffer): Promise<void> {
  const connection = idle.pop() ?? open()
  return new Promise((resolve) => {
    connection.answered = () => {
      idle.push(connection)
      resolve()
    }
    connection.socket.write(bytes)
  })
}

function open(): Connection {
  const socket = connect({ port: Number(upstreamPort), host: '127.0.0.1', noDelay: true })
  const connection: Connection = { socket, answered: () => undefined }
  socket.on(
    'data',
    readMessages(() => connection.answered()),
  )
  return connection
}

function requestBytes({ path, body }: { path: string; body: string }): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
