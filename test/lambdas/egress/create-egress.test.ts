import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { createEgress, type EgressOptions } from '../../../lambdas/host/egress/create-egress.ts'

type Seen = {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}

const seen: Seen[] = []
const server = createServer(async (request, response) => {
  const { method, url, headers } = request
  seen.push({ method, url, headers, body: await text(request) })
  answers.get(url ?? '')?.(response)
})
let port = 0
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen.length = 0
})

const redirect = (status: number, location: () => string) => (response: ServerResponse) =>
  response.writeHead(status, { location: location() }).end('elsewhere')
/** A megabyte in a kilobyte. */
const bomb = gzipSync('x'.repeat(1_000_000)).subarray(0, 999)
const answers = new Map<string, (response: ServerResponse) => void>([
  ['/ok?q=1', (response) => response.writeHead(201, { 'x-a': ['1', '2'] }).end('fine')],
  ['/long', (response) => response.end('x'.repeat(1_001))],
  [
    '/endless',
    (response) => {
      const more = () => response.write('x'.repeat(65_536), (error) => error ?? setImmediate(more))
      more()
    },
  ],
  ['/drip', (response) => void response.write('x')],
  ['/silent', () => undefined],
  ['/broken', (response) => void response.destroy()],
  ['/bomb', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)],
  [
    '/smuggled',
    (response) =>
      void response.socket?.end(
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      ),
  ],
  ['/headers', (response) => response.writeHead(200, { a: 'x'.repeat(100_000) }).end()],
  ['/moved', redirect(302, () => `http://other.example:${port}/ok?q=1`)],
  ['/kept', redirect(307, () => '/ok?q=1')],
  ['/to-loopback', redirect(302, () => `http://127.0.0.1:${port}/ok?q=1`)],
  ['/to-inner', redirect(302, () => `http://inner.example:${port}/ok?q=1`)],
  ['/to-user', redirect(302, () => `http://api.example@other.example:${port}/ok?q=1`)],
  ['/to-file', redirect(302, () => 'file:///etc/passwd')],
  ['/round', redirect(302, () => '/round')],
])

/** In this net, names that end in `.example` are public and come out at the server; others are what they are. */
const resolve = async (name: string) =>
  name === 'inner.example' ? ['10.0.0.1'] : name.endsWith('.example') ? ['127.0.0.1'] : []
const egress = (options: EgressOptions = {}) =>
  createEgress({
    resolve,
    allows: (address) => address === '127.0.0.1',
    timeoutMs: 2_000,
    maxAnswerBytes: 1_000,
    ...options,
  })
const grants = () => [
  `http://api.example:${port}`,
  `http://other.example:${port}`,
  `http://inner.example:${port}`,
]
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => error.code,
  )
const get = (path: string, options?: EgressOptions) =>
  egress(options)({ url: `http://api.example:${port}${path}` }, grants())

test('carries method, headers and body, and what came back; the headers of the connection are ours', async () => {
  const answer = await egress()(
    {
      url: `http://api.example:${port}/ok?q=1#part`,
      method: 'POST',
      body: 'ünïcödé',
      headers: {
        'X-Mine': 'yes',
        Host: 'inner',
        Connection: 'upgrade',
        'Transfer-Encoding': 'chunked',
        'Content-Length': '3',
        'X-Forwarded-For': '1.1.1.1',
        'Accept-Encoding': 'gzip',
      },
    },
    grants(),
  )
  expect(answer).toEqual({ status: 201, body: 'fine', headers: expect.objectContaining({ 'x-a': '1, 2' }) })
  expect(seen).toEqual([
    {
      method: 'POST',
      url: '/ok?q=1',
      body: 'ünïcödé',
      headers: {
        host: `api.example:${port}`,
        connection: expect.any(String),
        'user-agent': 'trellis-plugin',
        'x-mine': 'yes',
        'accept-encoding': 'identity',
        'content-length': '11',
      },
    },
  ])
})

test.each([
  ['EGRESS_NOT_GRANTED', 'another host', 'http://evil.example:PORT/'],
  ['EGRESS_NOT_GRANTED', 'another port', 'http://api.example/'],
  ['EGRESS_NOT_GRANTED', 'another protocol', 'https://api.example:PORT/'],
  ['EGRESS_NOT_GRANTED', 'a file', 'file:///etc/passwd'],
  ['EGRESS_NOT_GRANTED', 'data', 'data:text/plain,x'],
  ['EGRESS_NOT_GRANTED', 'loopback by its number', 'http://2130706433:PORT/'],
  ['EGRESS_NOT_GRANTED', 'loopback in hexadecimal', 'http://0x7f.1:PORT/'],
  ['EGRESS_NOT_GRANTED', 'loopback in octal', 'http://0177.0.0.1:PORT/'],
  ['EGRESS_NOT_GRANTED', 'a mapped address', 'http://[::ffff:127.0.0.1]:PORT/'],
  ['BAD_USER_INPUT', 'a user that looks like the host', 'http://api.example:PORT@evil.example/'],
  ['BAD_USER_INPUT', 'a user', 'http://user@api.example:PORT/'],
  ['BAD_USER_INPUT', 'no URL', '//api.example/'],
  ['EGRESS_NOT_GRANTED', 'a name that only begins like a grant', 'http://api.example.evil.example:PORT/'],
  ['BAD_USER_INPUT', 'an address with a zone', 'http://[fe80::1%25lo]:PORT/'],
  ['BAD_USER_INPUT', 'a host that hides a path', 'http://127.0.0.1%2f@api.example:PORT/'],
  ['EGRESS_FAILED', 'a name without an address', 'http://nowhere.test:PORT/'],
])('%s: %s', async (code, _what, url) => {
  const granted = [...grants(), `http://nowhere.test:${port}`]
  expect(await codeOf(egress()({ url: url.replace('PORT', String(port)) }, granted))).toBe(code)
  expect(seen).toEqual([])
})

test.each([
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0177.1',
  '127.1',
  '0x7f000001',
  '017700000001',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '169.254.169.254',
  '①②⑦.0.0.1',
  '127。0。0。1',
  '127.0.0.1.',
])('an operator who granted %s by mistake has not opened the machine', async (host) => {
  const url = new URL(`http://${host}:${port}/ok`)
  const everything = [`http://${url.hostname}:${port}`, `http://${url.hostname.replace(/\.$/, '')}:${port}`]
  expect(await codeOf(egress({ allows: () => false })({ url: url.href }, everything))).toBe(
    'EGRESS_ADDRESS_REFUSED',
  )
  expect(seen).toEqual([])
})

test.each([[['10.0.0.1']], [['8.8.8.8', '127.0.0.1']], [['8.8.8.8', '::1']], [['::ffff:169.254.169.254']]])(
  'a name with an address that is not public is refused: %j',
  async (addresses) => {
    const refused = codeOf(get('/ok?q=1', { resolve: async () => addresses, allows: () => false }))
    expect(await refused).toBe('EGRESS_ADDRESS_REFUSED')
  },
)

test('a name is resolved once: what was checked is what is connected to', async () => {
  let asked = 0
  // The first answer is allowed; whoever asks again is sent to where nothing may go.
  const rebinding = async () => (++asked === 1 ? ['127.0.0.1'] : ['127.0.0.2'])
  expect(await codeOf(get('/ok?q=1', { resolve: rebinding }))).toBe('done')
  expect(asked).toBe(1)
})

test('each redirect is checked anew, its address too', async () => {
  expect((await get('/moved')).body).toBe('fine')
  expect(await codeOf(get('/to-loopback'))).toBe('EGRESS_NOT_GRANTED')
  expect(await codeOf(get('/to-inner'))).toBe('EGRESS_ADDRESS_REFUSED')
  expect(await codeOf(get('/to-file'))).toBe('EGRESS_NOT_GRANTED')
  expect(await codeOf(get('/to-user'))).toBe('EGRESS_FAILED')
  let asked = 0
  const rebinding = async () => (++asked === 1 ? ['127.0.0.1'] : ['192.168.0.1'])
  expect(await codeOf(get('/kept', { resolve: rebinding }))).toBe('EGRESS_ADDRESS_REFUSED')
  expect(seen.filter(({ url }) => url === '/ok?q=1')).toHaveLength(1)
})

test('three redirects, and no more', async () => {
  expect(await codeOf(get('/round'))).toBe('EGRESS_REDIRECTED')
  expect(seen).toHaveLength(4)
})

test('credentials do not go along to another origin, and a body only where the status says so', async () => {
  const post = (path: string) =>
    egress()(
      {
        url: `http://api.example:${port}${path}`,
        method: 'POST',
        body: 'secret',
        headers: { authorization: 'Bearer x', cookie: 'a=b', 'x-mine': '1' },
      },
      grants(),
    )
  await post('/moved')
  await post('/kept')
  const [, moved, , kept] = seen
  expect(moved).toMatchObject({ method: 'GET', body: '', headers: { 'x-mine': '1' } })
  expect(moved?.headers).not.toMatchObject({ authorization: expect.anything() })
  expect(moved?.headers).not.toMatchObject({ cookie: expect.anything() })
  expect(kept).toMatchObject({ method: 'POST', body: 'secret', headers: { authorization: 'Bearer x' } })
})

test.each([
  ['EGRESS_TOO_LARGE', '/long'],
  ['EGRESS_TOO_LARGE', '/endless'],
  ['EGRESS_TIMEOUT', '/drip'],
  ['EGRESS_TIMEOUT', '/silent'],
  ['EGRESS_FAILED', '/broken'],
  ['EGRESS_FAILED', '/headers'],
  ['EGRESS_FAILED', '/smuggled'],
])('%s: %s', async (code, path) => {
  expect(await codeOf(get(path, { timeoutMs: 300 }))).toBe(code)
})

test('what comes packed is not unpacked', async () => {
  const { body, headers } = await get('/bomb')
  expect(headers['content-encoding']).toBe('gzip')
  expect(body.length).toBeLessThanOrEqual(999)
})

test('a name server that never answers costs the time of a call and no more', async () => {
  expect(await codeOf(get('/ok', { timeoutMs: 50, resolve: () => new Promise(() => undefined) }))).toBe(
    'EGRESS_TIMEOUT',
  )
})

test.each<[string, object]>([
  ['BAD_USER_INPUT', { method: 'CONNECT' }],
  ['BAD_USER_INPUT', { method: 'get' }],
  ['BAD_USER_INPUT', { body: 'of a GET' }],
  ['BAD_USER_INPUT', { headers: { 'x-a': 'a\r\nhost: inner' } }],
  ['BAD_USER_INPUT', { headers: { 'x a': '1' } }],
  ['BAD_USER_INPUT', { headers: { 'transfer-encoding ': 'chunked' } }],
  ['BAD_USER_INPUT', { headers: { 'x-a:host': 'inner' } }],
  ['BAD_USER_INPUT', { headers: { 'x-a': 'a\nhost: inner' } }],
  ['BAD_USER_INPUT', { headers: { 'x-a': 'a\0' } }],
  ['BAD_USER_INPUT', { headers: { 'x-a': '日本' } }],
  ['BAD_USER_INPUT', { headers: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`x-${n}`, ''])) }],
  ['BAD_USER_INPUT', { headers: { 'x-a': 'x'.repeat(16_000) } }],
  ['EGRESS_TOO_LARGE', { method: 'POST', body: 'x'.repeat(1_000_001) }],
])('%s: %j', async (code, odd) => {
  expect(await codeOf(egress()({ url: `http://api.example:${port}/ok?q=1`, ...odd }, grants()))).toBe(code)
  expect(seen).toEqual([])
})

test('no proxy of the environment is used', async () => {
  process.env.HTTP_PROXY = 'http://127.0.0.1:9'
  try {
    expect(await codeOf(get('/ok?q=1'))).toBe('done')
  } finally {
    delete process.env.HTTP_PROXY
  }
})
