import type { EscapeCase } from './escape-case.ts'

/** Much of what is allowed in small. */
export const floods: EscapeCase[] = [
  { tries: 'a huge answer', body: 'return "x".repeat(1_100_000)', endsWith: ['LAMBDA_RESULT_TOO_LARGE'] },
  {
    tries: 'an answer of many small things',
    body: 'return JSON.stringify(Array.from({ length: 300_000 }, (_, n) => n))',
    endsWith: ['LAMBDA_RESULT_TOO_LARGE'],
  },
  { tries: 'a huge error', body: 'throw new Error("x".repeat(10_000_000))', endsWith: ['LAMBDA_FAILED'] },
  {
    tries: 'log lines',
    body: 'for (let i = 0; i < 500; i++) ctx.log("x".repeat(1000)); return "well"',
    answers: 'well',
  },
  {
    tries: 'empty log lines without end',
    body: 'for (;;) console.log("")',
    endsWith: ['LAMBDA_CPU_EXCEEDED'],
  },
  {
    tries: 'questions one after another',
    body: 'for (;;) await ctx.graphql("{ me { id } }").catch(() => null)',
    endsWith: ['LAMBDA_HOST_CALLS_EXCEEDED'],
  },
  {
    tries: 'questions all at once',
    body: 'for (let i = 0; i < 10_000; i++) ctx.graphql("{ me { id } }").catch(() => 0); return new Promise(() => {})',
    endsWith: ['LAMBDA_HOST_CALLS_EXCEEDED'],
  },
  {
    tries: 'a million questions, none of them waited for',
    body: 'for (let i = 0; i < 1e6; i++) ctx.kv.get("a"); return "asked"',
    endsWith: ['LAMBDA_HOST_CALLS_EXCEEDED', 'LAMBDA_CPU_EXCEEDED'],
  },
  {
    tries: 'rejections that nobody hears',
    body: 'await null; for (let i = 0; i < 1000; i++) Promise.reject(new Error("unheard")); return "well"',
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'a huge question',
    body: 'return ctx.graphql("{ me { id } } #" + "x".repeat(1_100_000)).then(() => "asked", () => "refused")',
    answers: 'refused',
  },
  {
    tries: 'the rights of a call that is over',
    body: 'globalThis.kept ??= ctx.graphql; return "kept"',
    answers: 'kept',
  },
]
