import { TrellisError } from '../../../foundation/errors.ts'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import type {
  SubgraphFetch,
  SubgraphRequest,
  SubgraphResponse,
} from '../../../gateway/transports/subgraph-fetch.ts'
import { withDeduplication } from '../../../gateway/transports/with-deduplication.ts'

const ada: ClientViewer = { kind: 'USER', client: 'acme', userId: 'u1', sessionId: 's1', roles: ['MEMBER'] }
const request: SubgraphRequest = {
  document: 'query($id: ID!) { user(id: $id) { name } }',
  operationName: undefined,
  variables: { id: '1' },
  caller: { viewer: ada, depth: 0, traceparent: undefined },
}
const { signal: never } = new AbortController()

describe('equal queries under way at the same moment', () => {
  /** Calls that arrived at the subgraph, each to be answered by the test. */
  let calls: { request: SubgraphRequest; signal: AbortSignal; answer: (response: SubgraphResponse) => void }[]
  let fetch: SubgraphFetch

  beforeEach(() => {
    calls = []
    fetch = withDeduplication({ module: 'users' })((asked, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<SubgraphResponse>()
      signal.addEventListener('abort', () => reject(signal.reason))
      calls.push({ request: asked, signal, answer: resolve })
      return promise
    })
  })

  test('are asked once, and everybody has an answer of their own', async () => {
    const asked = [fetch(request, never), fetch(structuredClone(request), never)]
    expect(calls).toHaveLength(1)
    calls[0]?.answer({ text: '{"data":{"user":{"name":"Ada"}}}' })
    const [first, second] = await Promise.all(asked)
    expect(first).toEqual({ data: { user: { name: 'Ada' } } })
    expect(second).toEqual(first)
    expect(second?.data).not.toBe(first?.data)
  })

  test('an answer that comes read is copied for each', async () => {
    const asked = [fetch(request, never), fetch(request, never)]
    calls[0]?.answer({ data: { user: null }, errors: [{ message: 'no' }] })
    const [first, second] = await Promise.all(asked)
    expect(second).toEqual({ data: { user: null }, errors: [{ message: 'no' }] })
    expect(second?.errors).not.toBe(first?.errors)
  })

  test('whoever wants the text has it, beside one who does not', async () => {
    const asked = [fetch({ ...request, wantsText: true }, never), fetch(request, never)]
    expect(calls).toHaveLength(1)
    calls[0]?.answer({ text: '{"data":{}}' })
    expect(await Promise.all(asked)).toEqual([{ text: '{"data":{}}' }, { data: {} }])
  })

  test('nothing is kept: the next one is asked anew', async () => {
    const asked = fetch(request, never)
    calls[0]?.answer({ text: '{"data":{}}' })
    await asked
    void fetch(request, never)
    expect(calls).toHaveLength(2)
  })

  const of = (viewer: Partial<ClientViewer>) => ({
    ...request,
    caller: { ...request.caller, viewer: { ...ada, ...viewer } as ClientViewer },
  })
  test.each<[string, SubgraphRequest]>([
    ['another document', { ...request, document: `${request.document} ` }],
    ['another operation', { ...request, operationName: 'Q' }],
    ['other variables', { ...request, variables: { id: '2' } }],
    ['a number for a string', { ...request, variables: { id: 1 } }],
    ['another body', { ...request, body: '{"query":"{a}"}' }],
    ['another client', of({ client: 'globex' })],
    ['another user', of({ userId: 'u2' })],
    ['another session', of({ sessionId: 's2' })],
    ['other roles', of({ roles: ['MEMBER', 'ADMIN'] })],
    [
      'a key',
      { ...request, caller: { ...request.caller, viewer: { kind: 'SERVER', client: 'acme', keyId: 'u1' } } },
    ],
    ['nobody', { ...request, caller: { ...request.caller, viewer: null } }],
    ['another depth', { ...request, caller: { ...request.caller, depth: 1 } }],
    ['headers of its own', { ...request, caller: { ...request.caller, headers: { 'x-tenant': 'a' } } }],
  ])('%s is another question', (_name, other) => {
    void fetch(request, never)
    void fetch(other, never)
    expect(calls).toHaveLength(2)
  })

  test('a trace makes no difference', () => {
    void fetch(request, never)
    void fetch({ ...request, caller: { ...request.caller, traceparent: '00-1-2-01' } }, never)
    expect(calls).toHaveLength(1)
  })

  test.each(['mutation { a }', '# query\nmutation { a }', 'fragment F on A { a } mutation { ...F }'])(
    'never: %s',
    (document) => {
      for (let n = 0; n < 2; n++) void fetch({ ...request, document }, never)
      expect(calls).toHaveLength(2)
    },
  )

  test('whoever leaves, leaves alone', async () => {
    const leaving = new AbortController()
    const [left, stayed] = [fetch(request, leaving.signal), fetch(request, never)]
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(calls[0]?.signal.aborted).toBe(false)
    calls[0]?.answer({ text: '{"data":{}}' })
    expect(await stayed).toEqual({ data: {} })
  })

  test('the last one who leaves ends the call, and who comes then is asked for anew', async () => {
    const leaving = new AbortController()
    const left = [fetch(request, leaving.signal), fetch(request, leaving.signal)]
    leaving.abort(new Error('left'))
    const late = fetch(request, never)
    await expect(Promise.allSettled(left)).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ])
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false])
    calls[1]?.answer({ text: '{"data":{}}' })
    expect(await late).toEqual({ data: {} })
  })

  test('one who had left before he came is refused', async () => {
    await expect(fetch(request, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
    expect(calls).toHaveLength(0)
  })

  test('a failure is everybody’s', async () => {
    const failing = withDeduplication({ module: 'users' })(async () => {
      throw new TrellisError('SUBGRAPH_TIMEOUT', 'late')
    })
    const results = await Promise.allSettled([failing(request, never), failing(request, never)])
    expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual([
      'SUBGRAPH_TIMEOUT',
      'SUBGRAPH_TIMEOUT',
    ])
  })
})
