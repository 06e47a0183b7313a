import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { SignGatewayToken } from '../../../foundation/gateway-token.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import type { Caller } from '../../../gateway/transports/subgraph-fetch.ts'

const viewer = { kind: 'SERVER', client: 'acme', keyId: 'k1' } as const
const nobody: Caller = { viewer: null, depth: 0, traceparent: undefined }
const sign: SignGatewayToken = async (claims, audience) => JSON.stringify([claims, audience])

describe('a module over HTTP', () => {
  let server: Server
  let answer: RequestListener
  let url: string
  let sockets = 0

  beforeEach(async () => {
    sockets = 0
    server = createServer((request, response) => answer(request, response))
    server.on('connection', () => sockets++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const open = (options: { endpoint?: () => string | undefined; timeoutMs?: number } = {}) =>
    createHttpSubgraph({
      audience: 'data',
      endpoint: () => `${url}/graphql`,
      sign,
      timeoutMs: 2_000,
      ...options,
    })

  async function call(subgraph = open(), signal = new AbortController().signal, caller = nobody) {
    const request = { document: 'query Q { a }', operationName: 'Q', variables: { x: 1 }, caller }
    try {
      return await subgraph.fetch(request, signal)
    } finally {
      await subgraph.close()
    }
  }

  const answering =
    (status: number, body: string): RequestListener =>
    (request, response) => {
      request.resume()
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }

  test('sends operation, token and trace, under the path of the endpoint', async () => {
    const received = Promise.withResolvers<unknown>()
    answer = async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { authorization, traceparent } = request.headers
      received.resolve({
        path: request.url,
        authorization,
        traceparent,
        body: JSON.parse(Buffer.concat(chunks).toString()),
      })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"a":1}}')
    }
    const caller = { viewer, depth: 2, traceparent: '00-trace' }
    const subgraph = open({ endpoint: () => `${url}/clients/acme/builds/9/graphql` })
    expect(await call(subgraph, undefined, caller)).toEqual({ data: { a: 1 } })
    expect(await received.promise).toEqual({
      path: '/clients/acme/builds/9/graphql',
      authorization: `Bearer ${JSON.stringify([{ viewer, depth: 2 }, 'data'])}`,
      traceparent: '00-trace',
      body: { query: 'query Q { a }', operationName: 'Q', variables: { x: 1 } },
    })
  })

  test('keeps its connections, and follows the endpoint', async () => {
    answer = answering(200, '{"data":{}}')
    let endpoint: string | undefined = `${url}/graphql`
    const subgraph = open({ endpoint: () => endpoint })
    const request = { document: '{a}', operationName: undefined, variables: {}, caller: nobody }
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n++) await subgraph.fetch(request, signal)
    expect(sockets).toBeLessThan(4)
    endpoint = undefined
    await expect(subgraph.fetch(request, signal)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    await subgraph.close()
  })

  test.each([
    [
      'an answer with errors is an answer',
      200,
      '{"errors":[{"message":"no"}]}',
      { errors: [{ message: 'no' }] },
    ],
    ['whatever its status', 401, '{"errors":[{"message":"no"}]}', { errors: [{ message: 'no' }] }],
    [
      'null data',
      200,
      '{"data":null,"errors":[{"message":"no","path":["a",0]}]}',
      { data: null, errors: [{ message: 'no', path: ['a', 0] }] },
    ],
  ])('%s', async (_name, status, body, expected) => {
    answer = answering(status, body)
    expect(await call()).toEqual(expected)
  })

  test.each([
    ['no JSON', 200, 'hello', 'SUBGRAPH_INVALID_RESPONSE'],
    ['nothing', 200, '', 'SUBGRAPH_INVALID_RESPONSE'],
    ['a list', 200, '[]', 'SUBGRAPH_INVALID_RESPONSE'],
    ['no GraphQL', 200, '{"ok":true}', 'SUBGRAPH_INVALID_RESPONSE'],
    ['data that is no object', 200, '{"data":[1]}', 'SUBGRAPH_INVALID_RESPONSE'],
    ['errors that are none', 200, '{"data":{},"errors":["no"]}', 'SUBGRAPH_INVALID_RESPONSE'],
    ['a page of a proxy', 404, '<html>', 'SUBGRAPH_INVALID_RESPONSE'],
    ['a proxy without a module', 502, '<html>', 'SUBGRAPH_UNAVAILABLE'],
  ])('%s', async (_name, status, body, code) => {
    answer = answering(status, body)
    await expect(call()).rejects.toMatchObject({ code })
  })

  test('a refused connection says the name of the module and nothing of its address', async () => {
    const error = await call(open({ endpoint: () => 'http://127.0.0.1:1' })).catch((thrown) => thrown)
    expect(error.code).toBe('SUBGRAPH_UNAVAILABLE')
    expect(JSON.stringify(error)).toBe(
      '{"message":"The module \\"data\\" cannot be reached.","extensions":{"code":"SUBGRAPH_UNAVAILABLE"}}',
    )
  })

  test('a connection cut in the middle of the answer', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"data":')
      setImmediate(() => response.destroy())
    }
    await expect(call()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
  })

  test('an answer that does not come, or does not end', async () => {
    answer = () => undefined
    await expect(call(open({ timeoutMs: 50 }))).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
    answer = (_request, response) => void response.write('{"data":')
    await expect(call(open({ timeoutMs: 50 }))).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
  })

  test('an abort ends the call at the module', async () => {
    const hungUp = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    answer = (_request, response) => {
      response.on('close', hungUp.resolve)
      arrived.resolve()
    }
    const abort = new AbortController()
    const subgraph = open()
    const request = { document: '{a}', operationName: undefined, variables: {}, caller: nobody }
    const pending = subgraph.fetch(request, abort.signal)
    await arrived.promise
    abort.abort(new Error('left'))
    await expect(pending).rejects.toThrow('left')
    await hungUp.promise
    await subgraph.close()
  })

  test('a socket that the module closes as if all were well does not open again unasked', async () => {
    const clients = new WebSocketServer({ server, path: '/graphql' })
    let connections = 0
    clients.on('connection', (socket) => {
      connections++
      socket.on('message', (data) => {
        const { type } = JSON.parse(String(data))
        if (type === 'connection_init') socket.send('{"type":"connection_ack"}')
        if (type === 'subscribe') socket.close(1000, 'Normal Closure')
      })
    })
    const subgraph = open()
    const request = { document: 'subscription {a}', operationName: undefined, variables: {}, caller: nobody }
    const responses = subgraph.subscribe(request, new AbortController().signal)
    await expect(responses.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
    expect(connections).toBe(1)
    await subgraph.close()
    clients.close()
  })

  test('a module that floods a reader who does not read: the subscription ends after what is kept', async () => {
    const clients = new WebSocketServer({ server, path: '/graphql' })
    clients.on('connection', (socket) => {
      socket.on('message', (data) => {
        const { type, id, payload } = JSON.parse(String(data))
        if (type === 'connection_init') socket.send('{"type":"connection_ack"}')
        if (type !== 'subscribe') return
        expect(payload.extensions.token).toBe(JSON.stringify([{ viewer, depth: 0 }, 'data']))
        for (let n = 0; n < 2_000; n++)
          socket.send(JSON.stringify({ id, type: 'next', payload: { data: { n } } }))
      })
    })
    const subgraph = open()
    const caller = { ...nobody, viewer }
    const request = { document: 'subscription {n}', operationName: undefined, variables: {}, caller }
    const responses = subgraph.subscribe(request, new AbortController().signal)
    const unsubscribed = new Promise<void>((resolve) => {
      clients.on('connection', (socket) => socket.on('close', () => resolve()))
    })
    await unsubscribed
    let received = 0
    const reading = (async () => {
      for await (const _response of responses) received++
    })()
    await expect(reading).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
    // A thousand small events, less what each weighs.
    expect(received).toBeGreaterThan(900)
    expect(received).toBeLessThanOrEqual(1_000)
    await subgraph.close()
    clients.close()
  })
})
