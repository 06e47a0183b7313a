import type { EscapeCase } from './escape-case.ts'

const endsWith = ['LAMBDA_CPU_EXCEEDED']

/** Time without end. */
export const loops: EscapeCase[] = [
  { tries: 'an endless loop', body: 'for (;;);', endsWith },
  {
    tries: 'an endless loop after an await',
    body: 'await null; await ctx.graphql("{ me { id } }"); for (;;);',
    endsWith,
  },
  {
    tries: 'a loop that catches its own end',
    body: 'for (;;) { try { for (;;); } catch {} finally { continue } }',
    endsWith,
  },
  { tries: 'promises without end', body: 'await (async () => { for (;;) await null })()', endsWith },
  {
    tries: 'promises that breed',
    body: 'const breed = () => Promise.resolve().then(() => { breed(); breed() }); await breed(); return new Promise(() => {})',
    endsWith: ['LAMBDA_CPU_EXCEEDED', 'LAMBDA_MEMORY_EXCEEDED'],
  },
  {
    tries: 'a generator without end, waited for',
    body: 'async function* ones() { for (;;) yield 1 } let n = 0; for await (const one of ones()) n += one; return n',
    endsWith,
  },
  {
    tries: 'a thenable that resolves with itself',
    body: 'const again = { then(resolve) { resolve(again) } }; return again',
    endsWith,
  },
  {
    tries: 'a regular expression that explodes',
    body: 'return String(/(a+)+$/.test("a".repeat(40) + "b"))',
    endsWith,
  },
  {
    tries: 'a getter that loops while the answer is written',
    body: 'return { get a() { for (;;); } }',
    endsWith,
  },
  { tries: 'a toJSON that loops', body: 'return { toJSON() { for (;;); } }', endsWith },
  {
    tries: 'a proxy that has every key',
    body: 'for (const _ in new Proxy({}, { ownKeys: () => { for (;;); } })); ',
    endsWith,
  },
  { tries: 'an answer that never comes', body: 'return new Promise(() => {})', endsWith: ['LAMBDA_TIMEOUT'] },
  { tries: 'a thenable that never resolves', body: 'return { then() {} }', endsWith: ['LAMBDA_TIMEOUT'] },
  { tries: 'recursion without end', body: 'const f = () => f(); return f()', endsWith: ['LAMBDA_FAILED'] },
]
