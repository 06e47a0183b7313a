import fc from 'fast-check'
import { TrellisError } from '../../../foundation/errors.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createAsk, type Powers } from '../../../lambdas/host/ctx/create-ask.ts'

const used: string[] = []
const use = (name: string) => async () => {
  used.push(name)
  return '1'
}
const powers: Powers = {
  graphql: use('graphql'),
  'asPlugin.graphql': use('asPlugin.graphql'),
  'kv.get': use('kv.get'),
  'kv.set': use('kv.set'),
  'kv.delete': use('kv.delete'),
  'kv.list': use('kv.list'),
  'secrets.get': use('secrets.get'),
  emit: use('emit'),
  fetch: use('fetch'),
}
const ask = createAsk(powers, silentLog)
const living = new AbortController().signal
beforeEach(() => {
  used.length = 0
})

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"do":"kv.get"}',
  '{"do":"kv.get","key":1}',
  '{"do":"kv.get","key":["a"],"client":"globex"}',
  '{"do":"constructor"}',
  '{"do":"__proto__"}',
  '{"do":"toString"}',
  '{"do":["kv.get"],"key":"a"}',
  '{"do":"graphql","document":{},"variables":[]}',
  '{"do":"kv.list","limit":1e9}',
  '{"do":"fetch","url":"https://a.example","headers":{"a":{"b":1}}}',
  '{"__proto__":{"do":"kv.get","key":"a"}}',
])('is no question: %s', async (text) => {
  expect(JSON.parse(await ask(text, living))).toMatchObject({
    code: 'BAD_USER_INPUT',
    refused: expect.any(String),
  })
  expect(used).toEqual([])
})

test('whatever text is sent, it is answered, as JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      expect(JSON.parse(await ask(text, living))).toMatchObject({ code: 'BAD_USER_INPUT' })
    }),
    { numRuns: 300 },
  )
})

test('whose it is, no question says: what it names besides is not handed on', async () => {
  const seen: object[] = []
  const asking = createAsk({ ...powers, 'kv.get': async (question) => `${seen.push(question)}` }, silentLog)
  expect(await asking('{"do":"kv.get","key":"a","client":"globex","viewer":{"kind":"SERVER"}}', living)).toBe(
    '{"answer":1}',
  )
  expect(seen).toEqual([{ do: 'kv.get', key: 'a' }])
})

test('a refusal has its code; of a fault of the platform nothing is told', async () => {
  const failing = (error: Error) => createAsk({ ...powers, 'kv.get': () => Promise.reject(error) }, silentLog)
  const question = '{"do":"kv.get","key":"a"}'
  expect(JSON.parse(await failing(new TrellisError('KV_FULL', 'Full.'))(question, living))).toEqual({
    refused: 'Full.',
    code: 'KV_FULL',
  })
  expect(await failing(new Error('password of the database'))(question, living)).toBe(
    '{"refused":"Internal error.","code":"INTERNAL_SERVER_ERROR"}',
  )
})
