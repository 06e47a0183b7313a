import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { createSocketChannel, encodeText } from '../../../gateway/ws/socket-channel.ts'
import { openRawSocket } from './raw-socket.ts'

test('a text in two parts arrives as one message, whatever its length and its characters', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new WebSocketServer({ noServer: true })
  // Around the lengths, with what is around the text, at which the header of a frame takes another form.
  const around = (length: number) => Array.from({ length: 60 }, (_, index) => length - index)
  const lengths = [...around(128), ...around(65_540), 200_000]
  const messages = lengths.map((length) => ({ type: 'next', id: 'ü', payload: `${'x'.repeat(length)}ü€😀` }))
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const channel = createSocketChannel(socket, stream)
      for (const { payload } of messages) {
        channel.sendParts(
          encodeText('{"type":"next","id":"ü","payload":'),
          encodeText(`${JSON.stringify(payload)}}`),
        )
      }
      channel.close(1000, 'done')
    }),
  )
  const { port } = server.address() as AddressInfo
  const raw = await openRawSocket(`ws://127.0.0.1:${port}`)
  expect(await raw.closed).toEqual({ code: 1000, reason: 'done' })
  expect(raw.received).toEqual(messages)
  await new Promise((closed) => server.close(closed))
})
