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
  { tries: 'recursion without end', body: 'const f = () => f(); return f()', endsWith: ['LAMBDA_FAILED'] },
]
