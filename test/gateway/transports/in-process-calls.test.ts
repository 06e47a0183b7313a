import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  createInProcessCalls,
  type InProcessAnswer,
  type InProcessCalls,
  type InProcessRequest,
} from '../../../foundation/in-process-calls.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import type { Caller, SubgraphRequest } from '../../../gateway/transports/subgraph-fetch.ts'

type Answering = (request: InProcessRequest) => Promise<InProcessAnswer>

const caller: Caller = {
  viewer: { kind: 'SERVER', client: 'acme', keyId: 'k1' },
  depth: 1,
  traceparent: '00-trace',
}
const json = (body: string, status = 200): InProcessAnswer => ({
  status,
  contentType: 'application/json',
  text: body,
})
const never = new Promise<never>(() => undefined)

describe.each(['over HTTP', 'in this process'])('a service that is asked %s', (way) => {
  let server: Server
  let inProcess: InProcessCalls
  let answer: Answering
  let origin: string
  let asked: InProcessRequest[]
  let connections: number

  const note = (request: InProcessRequest) => {
    asked.push(request)
    return answer(request)
  }
  const readRequest = async (request: IncomingMessage): Promise<InProcessRequest> => ({
    path: request.url ?? '',
    headers: request.headers as Record<string, string>,
    body: await text(request),
  })
  beforeEach(async () => {
    asked = []
    connections = 0
    server = createServer(async (request, response) => {
      const answered = await note(await readRequest(request)).catch(() => null)
      if (!answered) return void response.destroy()
      response.writeHead(answered.status, { 'content-type': answered.contentType }).end(answered.text)
    })
    server.on('connection', () => connections++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    inProcess = createInProcessCalls()
    if (way === 'in this process') inProcess.answerAt(origin, note)
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(connections > 0).toBe(way === 'over HTTP' && asked.length > 0)
  })

  async function call(
    options: { signal?: AbortSignal; request?: Partial<SubgraphRequest>; timeoutMs?: number } = {},
  ) {
    const { signal = new AbortController().signal, request, timeoutMs = 2_000 } = options
    const subgraph = createHttpSubgraph({
      audience: 'lambdas',
      endpoint: () => `${origin}/clients/acme/builds/9/graphql?x=1`,
      sign: async () => 'signed',
      timeoutMs,
      maxResponseBytes: 100,
      inProcess,
    })
    const sent = {
      document: 'query { a }',
      operationName: undefined,
      variables: { x: 'é' },
      caller,
      ...request,
    }
    return subgraph.fetch(sent, signal).finally(() => subgraph.close())
  }

  test('is given path, token, trace and the text of the request', async () => {
    answer = async () => json('{"data":{"a":"é"}}')
    expect(await call()).toEqual({ data: { a: 'é' } })
    expect(asked).toEqual([
      {
        path: '/clients/acme/builds/9/graphql?x=1',
        headers: expect.objectContaining({
          authorization: 'Bearer signed',
          'content-type': 'application/json',
          traceparent: '00-trace',
        }),
        body: '{"query":"query { a }","variables":{"x":"é"}}',
      },
    ])
  })

  test.each([
    ['plain', '{"data":{"a":"e"}}', true],
    ['of more than ASCII', '{"data":{"a":"é"}}', false],
  ])('its answer, %s, is handed on as text', async (_which, body, isAscii) => {
    answer = async () => json(body)
    expect(await call({ request: { wantsText: true } })).toEqual({ text: body, isAscii })
  })

  test.each<[string, Answering, string]>([
    ['away', async () => json('{}', 503), 'SUBGRAPH_UNAVAILABLE'],
    ['no GraphQL', async () => json('{"a":1}'), 'SUBGRAPH_INVALID_RESPONSE'],
    [
      'of another type',
      async () => ({ ...json('{"data":{}}'), contentType: 'text/html' }),
      'SUBGRAPH_INVALID_RESPONSE',
    ],
    [
      'one byte too long, and no character',
      async () => json(`{"data":{"a":"${'x'.repeat(82)}é"}}`),
      'SUBGRAPH_INVALID_RESPONSE',
    ],
    ['broken off', () => Promise.reject(new Error('a fault of its own')), 'SUBGRAPH_UNAVAILABLE'],
  ])('an answer that is %s', async (_which, answering, code) => {
    answer = answering
    await expect(call({ request: { document: 'mutation { a }' } })).rejects.toMatchObject({ code })
    expect(asked).toHaveLength(1)
  })

  test('an answer of just as many bytes as it may have', async () => {
    answer = async () => json(`{"data":{"a":"${'x'.repeat(81)}é"}}`)
    expect(await call()).toEqual({ data: { a: `${'x'.repeat(81)}é` } })
  })

  test('a refusal with another status counts by its errors, and not by its data', async () => {
    answer = async () => json('{"data":{"a":1},"errors":[{"message":"no"}]}', 400)
    expect(await call()).toEqual({ errors: [{ message: 'no' }] })
  })

  test('no answer in time', async () => {
    answer = () => never
    await expect(call({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
  })

  test('whoever leaves is let go with its own reason, at once', async () => {
    const leaving = new AbortController()
    answer = () => {
      setImmediate(() => leaving.abort(new Error('gone')))
      return never
    }
    await expect(call({ signal: leaving.signal })).rejects.toThrow('gone')
    await expect(call({ signal: leaving.signal })).rejects.toThrow('gone')
    expect(asked).toHaveLength(1)
  })

  test('a header that cannot be sent is not sent', async () => {
    answer = async () => json('{"data":{}}')
    const request = { caller: { ...caller, headers: { 'x-team': 'a\r\nauthorization: Bearer theirs' } } }
    await expect(call({ request })).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(asked).toEqual([])
  })
})

describe('calls in one process', () => {
  const request = { path: '/', headers: {}, body: '' }

  test('a service that leaves ends what it has begun, and is asked over HTTP from then on', async () => {
    const inProcess = createInProcessCalls()
    const begun = Promise.withResolvers<InProcessAnswer>()
    const leave = inProcess.answerAt('http://a', () => begun.promise)
    const answered = inProcess.call('http://a', request)
    let hasLeft = false
    const left = leave().then(() => {
      hasLeft = true
    })
    expect(inProcess.call('http://a', request)).toBeNull()
    await new Promise(setImmediate)
    expect(hasLeft).toBe(false)
    begun.resolve(json('{}'))
    expect(await answered).toEqual(json('{}'))
    await left
  })

  test('one that has taken an address over is not sent away by the one before', async () => {
    const inProcess = createInProcessCalls()
    const leave = inProcess.answerAt('http://a', async () => json('"first"'))
    inProcess.answerAt('http://a', async () => json('"second"'))
    await leave()
    expect(await inProcess.call('http://a', request)).toEqual(json('"second"'))
    expect(inProcess.call('http://b', request)).toBeNull()
  })
})
