import type { EscapeCase } from './escape-case.ts'

const kept = 'const kept = [];'
/** Which comes first depends on how fast the machine gives memory; a whole process that grows is ended. */
const any = ['LAMBDA_MEMORY_EXCEEDED', 'LAMBDA_CPU_EXCEEDED', 'LAMBDA_UNAVAILABLE', 'LAMBDA_TIMEOUT']

export const memory: EscapeCase[] = [
  { tries: 'objects without end', body: `${kept} for (;;) kept.push(new Array(3_000_000))`, endsWith: any },
  {
    tries: 'one list of gigabytes',
    body: 'return Array.from({ length: 2 ** 32 - 1 }).length',
    endsWith: any,
  },
  {
    tries: 'a string that is written out at last',
    body: 'return "x".repeat(2 ** 29 - 24).indexOf("y")',
    endsWith: any,
  },
  {
    tries: 'parts of 2 GB',
    body: `${kept} for (;;) kept.push(new Uint8Array(2 ** 31))`,
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'a string of 1 GB',
    body: 'return "x".repeat(2 ** 29).concat("y".repeat(2 ** 29))',
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'formats of dates, all alike, whose memory the engine does not count',
    body: `${kept} while (kept.length < 10_000) kept.push(new Intl.DateTimeFormat('de')); return String(new Set(kept).size)`,
    answers: '1',
  },
  {
    tries: 'formats of numbers, all different',
    body: `${kept} for (let n = 0; n < 400; n++) kept.push(
        Intl.NumberFormat('de', { minimumIntegerDigits: 1 + (n % 20), maximumFractionDigits: Math.floor(n / 20) }))`,
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'formats by the constructor that one of them tells of, under ever new names',
    body: `const { constructor } = new Intl.Collator('de')
      ${kept} for (let n = 0; n < 400; n++) kept.push(Reflect.construct(constructor, ['de-x-a' + n], Object))`,
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'a buffer that grows',
    body: 'new ArrayBuffer(8, { maxByteLength: 2 ** 28 }).resize(2 ** 28)',
    endsWith: ['LAMBDA_FAILED'],
  },
]
