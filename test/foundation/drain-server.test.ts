import { once } from 'node:events'
import {
  Agent,
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createDrain } from '../../foundation/drain-server.ts'

async function open(answer: RequestListener) {
  const server = createServer(answer)
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeIdleConnections()
    })
  const drain = createDrain({ server, close })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, drain, port: (server.address() as AddressInfo).port }
}

test('a connection that never carried a request, or only begins one, does not keep a server open', async () => {
  const { server, drain, port } = await open((_request, response) => void response.end())
  const silent = connect(port, '127.0.0.1')
  const halting = connect(port, '127.0.0.1')
  halting.write('GET / HTTP/1.1\r\nhost:')
  const ends = [silent, halting].map((socket) =>
    once(
      socket.on('error', () => undefined),
      'close',
    ),
  )
  for (let accepted = 0; accepted < 2; accepted += 1) await once(server, 'connection')
  await drain()
  await Promise.all(ends)
})

test('a request in flight is answered, also on a connection that sends its first while the server closes', async () => {
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const answers: (() => void)[] = []
  const { server, drain, port } = await open((_request, response) => {
    answers.push(() => void response.end('answered'))
    arrived[answers.length - 1]?.resolve()
  })
  const late = connect(port, '127.0.0.1')
  await once(server, 'connection')
  const early = once(get({ port, host: '127.0.0.1', agent: false }), 'response')
  await arrived[0]?.promise

  const draining = drain()
  late.write('GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n')
  await arrived[1]?.promise
  // Longer than a connection without a request is waited for.
  await new Promise((resolve) => setTimeout(resolve, 400))
  for (const answer of answers) answer()
  const [response] = await early
  expect(await text(response)).toBe('answered')
  expect(await text(late)).toMatch(/answered/)
  await draining
})

test('a connection that is kept alive ends with the answer it carries, begun or not', async () => {
  const begun = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  const answers: ServerResponse[] = []
  const { server, drain, port } = await open((_request, response) => {
    if (answers.push(response) === 2) arrived.resolve()
  })
  const agent = new Agent({ keepAlive: true })
  const ask = () => once(get({ port, host: '127.0.0.1', agent }), 'response') as Promise<[IncomingMessage]>
  const [first, second] = [ask(), ask()]
  await arrived.promise
  answers[0]?.write('be', () => begun.resolve())
  await begun.promise

  const draining = drain()
  answers[0]?.end('gun')
  answers[1]?.end('not begun')
  const [[kept], [ended]] = await Promise.all([first, second])
  expect(await Promise.all([text(kept), text(ended)])).toEqual(['begun', 'not begun'])
  expect([kept.headers.connection, ended.headers.connection]).toEqual(['keep-alive', 'close'])
  await draining
  expect(server.listening).toBe(false)
})
