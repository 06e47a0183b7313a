import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpRules } from '../../../gateway/transports/http-rules.ts'

const caller = {
  viewer: { kind: 'SERVER', client: 'acme', keyId: 'k' } as const,
  depth: 1,
  traceparent: '00-trace',
}
const calls = [{ coordinate: 'Mutation.put', args: { n: 1 } }]

/** What a host that answers like this makes of one call. */
async function ask(answer: RequestListener, { timeoutMs = 2_000 } = {}) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const rules = createHttpRules({
    audience: 'lambdas',
    endpoint: () => `http://127.0.0.1:${port}/rules`,
    sign: async (claims) => `token-of-depth-${claims.depth}`,
    timeoutMs,
  })
  try {
    return await rules
      .run(calls, caller, new AbortController().signal)
      .catch((error) => error.extensions.code)
  } finally {
    await rules.close()
    server.closeAllConnections()
    server.close()
  }
}

const saying =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body))

test('calls go out signed and traced, outcomes come back in their order', async () => {
  let heard: unknown
  const outcomes = await ask(async (request, response) => {
    const { authorization, traceparent } = request.headers
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    heard = { authorization, traceparent, body: JSON.parse(Buffer.concat(chunks).toString()) }
    response.end(JSON.stringify({ outcomes: [{ args: { n: 2 } }] }))
  })
  expect(heard).toEqual({
    authorization: 'Bearer token-of-depth-1',
    traceparent: '00-trace',
    body: { calls },
  })
  expect(outcomes).toEqual([{ args: { n: 2 } }])
})

test.each<[string, RequestListener, string]>([
  ['fewer outcomes than calls', saying({ outcomes: [] }), 'RULE_INVALID_RESULT'],
  ['more of them', saying({ outcomes: [{ args: {} }, { args: {} }] }), 'RULE_INVALID_RESULT'],
  [
    'a code that is none',
    saying({ outcomes: [{ reject: { code: 'no code', message: 'x' } }] }),
    'RULE_INVALID_RESULT',
  ],
  [
    'a rejection without a message',
    saying({ outcomes: [{ reject: { code: 'NO' } }] }),
    'RULE_INVALID_RESULT',
  ],
  ['null', saying({ outcomes: [null] }), 'RULE_INVALID_RESULT'],
  ['no JSON', saying('<html>'), 'LAMBDA_UNAVAILABLE'],
  ['something else', saying({ data: {} }), 'LAMBDA_UNAVAILABLE'],
  [
    'that it does not know the token',
    saying({ errors: [{ message: 'x', extensions: { code: 'UNAUTHENTICATED' } }] }, 401),
    'LAMBDA_UNAVAILABLE',
  ],
  [
    'that it is busy',
    saying({ errors: [{ message: 'x', extensions: { code: 'LAMBDA_CPU_EXCEEDED' } }] }, 500),
    'LAMBDA_CPU_EXCEEDED',
  ],
  ['nothing, and hangs up', (request) => void request.socket.destroy(), 'LAMBDA_UNAVAILABLE'],
])('a host that says %s', async (_what, answer, code) => {
  expect(await ask(answer)).toBe(code)
})

test('a rejection and its arguments at once is a rejection', async () => {
  const both = { args: { n: 9 }, reject: { code: 'NO', message: 'No.' } }
  expect(await ask(saying({ outcomes: [both] }))).toEqual([{ reject: { code: 'NO', message: 'No.' } }])
})

test('a host that does not answer in time', async () => {
  expect(await ask(() => undefined, { timeoutMs: 50 })).toBe('LAMBDA_TIMEOUT')
})

test('no host, and nobody to ask for', async () => {
  const { signal } = new AbortController()
  const rules = createHttpRules({
    audience: 'lambdas',
    endpoint: () => undefined,
    sign: async () => '',
    timeoutMs: 100,
  })
  const code = { extensions: { code: 'LAMBDA_UNAVAILABLE' } }
  await expect(rules.run(calls, caller, signal)).rejects.toMatchObject(code)
  await expect(rules.run(calls, { ...caller, viewer: null }, signal)).rejects.toMatchObject(code)
  await rules.close()
})
