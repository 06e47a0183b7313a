import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import type { ModuleEndpoint } from '../../../gateway/transports/module-endpoint.ts'
import type { Caller, SubgraphRequest } from '../../../gateway/transports/subgraph-fetch.ts'
import { http, type RawServer, startRawServer } from './raw-server.ts'

const caller: Caller = { viewer: null, depth: 0, traceparent: undefined }
const query: SubgraphRequest = { document: 'query { a }', operationName: undefined, variables: {}, caller }
const mutation: SubgraphRequest = { ...query, document: 'mutation { a }' }
const { signal } = new AbortController()

describe('a subgraph that answers as it likes', () => {
  let server: RawServer
  let answer: (socket: Socket, request: number) => void

  beforeEach(async () => {
    server = await startRawServer((socket, request) => answer(socket, request))
  })
  afterEach(() => server.close())

  async function call(request = query, options: Partial<ModuleEndpoint> = {}) {
    const endpoint = () => server.url
    const subgraph = createHttpSubgraph({
      audience: 'data',
      endpoint,
      sign: null,
      timeoutMs: 2_000,
      ...options,
    })
    try {
      return await subgraph.fetch(request, signal)
    } finally {
      await subgraph.close()
    }
  }

  const writing = (...parts: string[]) => {
    answer = (socket) => {
      for (const part of parts) socket.write(part, 'latin1')
    }
  }

  const ok = '{"data":{"a":1}}'
  const chunked = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'

  test.each([
    ['in chunks', [`${chunked}5\r\n{"dat\r\n`, 'b\r\na":{"a":1}}\r\n0\r\n\r\n']],
    ['byte by byte', [...http(ok)]],
    ['after an early hint', [`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${http(ok)}`]],
    ['of a type with parameters', [http(ok, { headers: 'content-type: Application/JSON; charset=utf-8' })]],
    ['of the type of GraphQL', [http(ok, { headers: 'content-type: application/graphql-response+json' })]],
  ])('a good answer %s', async (_name, parts) => {
    writing(...parts)
    expect(await call()).toEqual({ data: { a: 1 } })
  })

  test('a good answer that ends with its connection', async () => {
    answer = (socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${ok}`)
    expect(await call()).toEqual({ data: { a: 1 } })
  })

  test('characters of every length, cut in the middle', async () => {
    const body = Buffer.from(http('{"data":{"a":"aé€😀"}}'))
    answer = (socket) => {
      socket.write(body.subarray(0, -6))
      void setImmediate().then(() => socket.write(body.subarray(-6)))
    }
    expect(await call()).toEqual({ data: { a: 'aé€😀' } })
  })

  test('text is left unread for whoever wants it so, and read where it has to be', async () => {
    writing(http(ok))
    expect(await call({ ...query, wantsText: true })).toEqual({ text: ok, isAscii: true })
    const failed = '{"errors":[{"message":"no"}]}'
    writing(http(failed, { status: '400 Bad Request' }))
    expect(await call({ ...query, wantsText: true })).toEqual({ errors: [{ message: 'no' }] })
  })

  const html = 'content-type: text/html'
  const graphqlJson = 'content-type: application/graphql-response+json'
  test.each<[string, string, object]>([
    ['data of a proxy is nobody’s', http(ok, { status: '500 Oops' }), { code: 'SUBGRAPH_INVALID_RESPONSE' }],
    ['a page', http('<html>', { headers: html }), { code: 'SUBGRAPH_INVALID_RESPONSE' }],
    ['JSON that says it is a page', http(ok, { headers: html }), { code: 'SUBGRAPH_INVALID_RESPONSE' }],
    ['JSON that does not say so', http(ok, { headers: 'x: y' }), { code: 'SUBGRAPH_INVALID_RESPONSE' }],
    ['no content', 'HTTP/1.1 204 No Content\r\n\r\n', { code: 'SUBGRAPH_INVALID_RESPONSE' }],
    ['a proxy that waits', http('', { status: '503 Busy' }), { code: 'SUBGRAPH_UNAVAILABLE' }],
  ])('%s', async (_name, bytes, error) => {
    writing(bytes)
    await expect(call()).rejects.toMatchObject(error)
  })

  test('an answer of the type of GraphQL counts whatever its status, with its data', async () => {
    writing(http('{"data":null,"errors":[{"message":"no"}]}', { status: '500 Oops', headers: graphqlJson }))
    expect(await call()).toEqual({ data: null, errors: [{ message: 'no' }] })
  })

  test('a redirect is refused, and not followed with the caller’s token', async () => {
    const other = await startRawServer((socket) => socket.write(http(ok)))
    writing(http('', { status: '307 Temporary Redirect', headers: `location: ${other.url}` }))
    await expect(call()).rejects.toMatchObject({ code: 'SUBGRAPH_INVALID_RESPONSE' })
    expect(other.opened).toHaveLength(0)
    await other.close()
  })

  test('an answer that is packed was not asked for', async () => {
    const packed = gzipSync(Buffer.alloc(10_000_000, 32)).toString('latin1')
    answer = (socket) => {
      const head = `content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}`
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${packed}`, 'latin1')
    }
    await expect(call()).rejects.toMatchObject({ code: 'SUBGRAPH_INVALID_RESPONSE' })
  })

  test.each([
    ['in one piece', () => http(`{"data":{"a":"${'x'.repeat(2_000)}"}}`)],
    ['in chunks without end', () => chunked + `100\r\n${'x'.repeat(256)}\r\n`.repeat(10)],
  ])('more than it may answer, %s', async (_name, bytes) => {
    writing(bytes())
    await expect(call(query, { maxResponseBytes: 1_000 })).rejects.toMatchObject({
      code: 'SUBGRAPH_INVALID_RESPONSE',
    })
    await closed(await server.request(1))
  })

  test.each([
    ['both a length and chunks', `${chunked.replace('\r\n\r\n', '\r\ncontent-length: 5\r\n\r\n')}0\r\n\r\n`],
    ['two lengths', http(ok).replace('content-length', 'content-length: 3\r\ncontent-length')],
    ['a length that is none', http(ok).replace(/content-length: \d+/, 'content-length: -5')],
    ['a chunk whose size is none', `${chunked}zz\r\n{}\r\n0\r\n\r\n`],
    ['a chunk of more bytes than there are', `${chunked}ffffffffffffffffff\r\n{}\r\n0\r\n\r\n`],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ])('%s', async (_name, bytes) => {
    writing(bytes)
    await expect(call()).rejects.toMatchObject({
      code: expect.stringMatching(/^SUBGRAPH_(INVALID_RESPONSE|UNAVAILABLE)$/),
    })
    await closed(await server.request(1))
  })

  test('a second answer that nobody asked for is nobody’s', async () => {
    const evil = '{"data":{"a":"of another"}}'
    answer = (socket, request) => void socket.write(request === 1 ? http(ok) + http(evil) : http(ok))
    const subgraph = createHttpSubgraph({
      audience: 'data',
      endpoint: () => server.url,
      sign: null,
      timeoutMs: 2_000,
    })
    for (let n = 0; n < 3; n++) expect(await subgraph.fetch(query, signal)).toEqual({ data: { a: 1 } })
    await subgraph.close()
  })

  test.each([
    ['in its headers', 'HTTP/1.1 200 OK\r\ncontent-ty'],
    ['in its body', chunked],
    ['before it', ''],
  ])('an answer that stops %s is late, and its connection is closed', async (_name, bytes) => {
    writing(bytes)
    await expect(call(query, { timeoutMs: 60 })).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
    await closed(await server.request(1))
  })

  test('the deadline holds from the first byte to the last, however steadily they come', async () => {
    answer = (socket) => {
      socket.write(chunked)
      const drip = setInterval(() => socket.write('1\r\n \r\n'), 5)
      socket.on('close', () => clearInterval(drip))
    }
    await expect(call(query, { timeoutMs: 120 })).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
    await closed(await server.request(1))
  })
})

describe('a kept connection that its server has closed meanwhile', () => {
  /** Answers the first request, and cuts the connection when the second one comes. */
  async function callTwice(second: SubgraphRequest, cut: (socket: Socket) => void) {
    let calls = 0
    const server = await startRawServer((socket, request) => {
      calls = request
      if (request === 2) cut(socket)
      else socket.write(http('{"data":{"a":1}}'))
    })
    const subgraph = createHttpSubgraph({
      audience: 'data',
      endpoint: () => server.url,
      sign: null,
      timeoutMs: 2_000,
    })
    try {
      await subgraph.fetch(query, signal)
      const outcome = await subgraph.fetch(second, signal).catch((error) => error.code)
      return { outcome, calls, connections: server.opened.length }
    } finally {
      await subgraph.close()
      await server.close()
    }
  }

  const ways: [string, (socket: Socket) => void][] = [
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ]
  test.each(ways)('a query is asked once more on another: %s', async (_name, cut) => {
    expect(await callTwice(query, cut)).toEqual({ outcome: { data: { a: 1 } }, calls: 3, connections: 2 })
  })

  test.each(ways)('a mutation is not: it may have happened: %s', async (_name, cut) => {
    expect(await callTwice(mutation, cut)).toEqual({
      outcome: 'SUBGRAPH_UNAVAILABLE',
      calls: 2,
      connections: 1,
    })
  })

  test('nor a query that was answered in part', async () => {
    const cut = (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"da')
    expect(await callTwice(query, cut)).toEqual({ outcome: 'SUBGRAPH_UNAVAILABLE', calls: 2, connections: 1 })
  })

  test('nor one that a new connection swallowed', async () => {
    let calls = 0
    const server = await startRawServer((socket, request) => {
      calls = request
      socket.resetAndDestroy()
    })
    const subgraph = createHttpSubgraph({
      audience: 'data',
      endpoint: () => server.url,
      sign: null,
      timeoutMs: 2_000,
    })
    await expect(subgraph.fetch(query, signal)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(calls).toBe(1)
    await subgraph.close()
    await server.close()
  })

  test('twice in a row is no accident', async () => {
    let calls = 0
    const server = await startRawServer((socket, request) => {
      calls = request
      if (request <= 2) socket.write(http('{"data":{"a":1}}'))
      else socket.resetAndDestroy()
    })
    const subgraph = createHttpSubgraph({
      audience: 'data',
      endpoint: () => server.url,
      sign: null,
      timeoutMs: 2_000,
    })
    await Promise.all([subgraph.fetch(query, signal), subgraph.fetch(query, signal)])
    await expect(subgraph.fetch(query, signal)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(calls).toBe(4)
    await subgraph.close()
    await server.close()
  })
})

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}
