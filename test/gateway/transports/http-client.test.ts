import { getEventListeners, once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createHttpClient, type HttpClient } from '../../../gateway/transports/http-client.ts'
import { readHttpTarget } from '../../../gateway/transports/http-target.ts'
import { eventually } from '../../support/eventually.ts'
import { http, type RawServer, startRawServer } from './raw-server.ts'

const { signal } = new AbortController()

describe('an HTTP client', () => {
  let server: RawServer
  let answer: (socket: Socket, request: number, bytes: string) => void
  let client: HttpClient

  beforeEach(async () => {
    answer = (socket) => void socket.write(http('{}'))
    server = await startRawServer((...request) => answer(...request))
    client = createHttpClient({ timeoutMs: 5_000, connectTimeoutMs: 2_000, maxResponseBytes: 10_000_000 })
  })
  afterEach(async () => {
    await client.close()
    await server.close()
  })

  const post = (parts: { headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {}) =>
    client.post(
      {
        target: readHttpTarget(server.url),
        headers: parts.headers ?? {},
        body: parts.body ?? '{}',
        repeatable: true,
      },
      parts.signal ?? signal,
    )

  test('sends headers as bytes and the body as UTF-8', async () => {
    let received = ''
    answer = (socket, _request, bytes) => {
      received = bytes
      socket.write(http('{}'))
    }
    await post({ headers: { 'x-name': 'caf\xe9' }, body: '{"a":"aé€😀"}' })
    const body = Buffer.from('{"a":"aé€😀"}').toString('latin1')
    expect(received).toBe(
      `POST /graphql HTTP/1.1\r\nhost: ${new URL(server.url).host}\r\nconnection: keep-alive\r\n` +
        `x-name: caf\xe9\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  })

  const connected = () => eventually('a connection', () => server.opened[0])

  test.each<[string, Record<string, string>]>([
    ['a line more', { x: 'y\r\nevil: 1' }],
    ['a request more', { x: 'y\r\n\r\nPOST / HTTP/1.1' }],
    ['LF', { x: 'y\nz' }],
    ['NUL', { x: 'y\0' }],
    ['a character that is no byte', { x: '€' }],
    ['a name that is two lines', { 'x: y\r\nz': 'a' }],
    ['no name', { '': 'a' }],
    ['a length of its own', { 'Content-Length': '0' }],
    ['a coding of its own', { 'transfer-encoding': 'chunked' }],
    ['a host of its own', { host: 'other' }],
  ])('does not send headers with %s', async (_name, headers) => {
    await expect(post({ headers })).rejects.toMatchObject({ name: 'TypeError' })
    expect(server.opened).toHaveLength(0)
  })

  test('takes a connection again with the next call, and the one used last', async () => {
    await Promise.all([post(), post(), post()])
    expect(server.opened).toHaveLength(3)
    for (let n = 0; n < 10; n++) await post()
    expect(server.opened).toHaveLength(3)
  })

  test('closes a connection on which bytes come that nobody asked for', async () => {
    await post()
    const [first] = server.opened
    const closed = first && once(first, 'close')
    first?.write(http('{"evil":1}'))
    await closed
    expect((await post()).text).toBe('{}')
    expect(server.opened).toHaveLength(2)
  })

  test('does not send another request behind one that its server did not read to its end', async () => {
    answer = () => undefined
    const pending = post({ body: 'x'.repeat(20_000_000) })
    const socket = await connected()
    socket.pause()
    socket.write(http('{}'))
    expect((await pending).status).toBe(200)
    answer = (each) => void each.write(http('{"a":1}'))
    expect((await post()).text).toBe('{"a":1}')
    expect(server.opened).toHaveLength(2)
  })

  test('an answer of megabytes, read in many pieces', async () => {
    const text = `"${'aé€😀'.repeat(500_000)}"`
    answer = (socket) => void socket.write(http(text))
    expect((await post()).text === text).toBe(true)
  })

  test('a repeated query goes to a new connection, not to another old one', async () => {
    await Promise.all([post(), post(), post()])
    let cuts = 0
    answer = (socket, request) => {
      if (server.opened.indexOf(socket) >= 3) return void socket.write(http(`{"request":${request}}`))
      cuts++
      socket.resetAndDestroy()
    }
    expect((await post()).text).toBe('{"request":5}')
    expect(cuts).toBe(1)
  })

  test('no more than 128 connections; who waits may leave, and is served in turn', async () => {
    const held: Socket[] = []
    answer = (socket) => void held.push(socket)
    const leaving = new AbortController()
    const first = Array.from({ length: 128 }, () => post())
    const left = post({ signal: leaving.signal })
    const last = post()
    await server.request(128)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(server.opened).toHaveLength(128)
    answer = (socket) => void socket.write(http('{}'))
    for (const socket of held) socket.write(http('{}'))
    await Promise.all([...first, last])
    expect(server.opened).toHaveLength(128)
    await expect(server.request(129)).resolves.toBeDefined()
  })

  test('who waits is served as well when a connection breaks', async () => {
    answer = () => undefined
    const first = Array.from({ length: 128 }, () => post().catch(() => 'broken'))
    const last = post()
    const socket = await server.request(128)
    answer = (each) => void each.write(http('{}'))
    socket.destroy()
    expect((await last).status).toBe(200)
    await client.close()
    expect(new Set(await Promise.all(first))).toEqual(new Set(['broken']))
  })

  test('an aborted call takes nothing of the calls beside it', async () => {
    answer = () => undefined
    const leaving = new AbortController()
    const calls = [post({ signal: leaving.signal }), post({ signal: leaving.signal }), post()] as const
    await server.request(3)
    leaving.abort(new Error('left'))
    await expect(calls[0]).rejects.toThrow('left')
    await expect(calls[1]).rejects.toThrow('left')
    for (const socket of server.opened) socket.write(http('{}'))
    expect((await calls[2]).status).toBe(200)
    await expect(post({ signal: leaving.signal })).rejects.toThrow('left')
  })

  test('an abort after the answer closes nothing', async () => {
    const leaving = new AbortController()
    await post({ signal: leaving.signal })
    leaving.abort(new Error('left'))
    await setImmediate()
    await post()
    expect(server.opened).toHaveLength(1)
  })

  test('a signal that outlives many clients keeps nothing of them, and ends the calls of all', async () => {
    const subscribed = new AbortController()
    const options = { timeoutMs: 5_000, connectTimeoutMs: 2_000, maxResponseBytes: 10_000_000 }
    const call = (of: HttpClient) =>
      of.post(
        { target: readHttpTarget(server.url), headers: {}, body: '{}', repeatable: true },
        subscribed.signal,
      )
    for (let generation = 0; generation < 3; generation += 1) {
      const own = createHttpClient(options)
      await call(own)
      await own.close()
    }
    expect(getEventListeners(subscribed.signal, 'abort')).toHaveLength(1)

    answer = () => undefined
    const other = createHttpClient(options)
    const calls = [call(client), call(other)]
    await eventually('both calls are there', () => server.opened.length === 5)
    subscribed.abort(new Error('left'))
    for (const pending of calls) await expect(pending).rejects.toThrow('left')
    await other.close()
  })

  test('calls fail once it is closed', async () => {
    answer = () => undefined
    const pending = post()
    await server.request(1)
    await Promise.all([expect(pending).rejects.toThrow('closed'), client.close()])
    await expect(post()).rejects.toThrow('closed')
  })

  test.each(['ftp://127.0.0.1/', 'not an address'])('%s is no target', (address) => {
    expect(() => readHttpTarget(address)).toThrow(expect.objectContaining({ name: 'TypeError' }))
  })

  test('reads addresses of every form', () => {
    expect(readHttpTarget('http://[::1]:4001/a?b=c#d')).toMatchObject({
      host: '::1',
      port: 4001,
      isTls: false,
    })
    expect(readHttpTarget('http://[::1]:4001/a?b=c#d').head).toContain(
      'POST /a?b=c HTTP/1.1\r\nhost: [::1]:4001\r\n',
    )
    expect(readHttpTarget('https://u:p@example.com')).toMatchObject({
      host: 'example.com',
      port: 443,
      serverName: 'example.com',
    })
    expect(readHttpTarget('http://h/a\r\nb').head).toContain('POST /ab HTTP/1.1\r\nhost: h\r\n')
  })
})
