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
    tries: 'a buffer that grows',
    body: 'new ArrayBuffer(8, { maxByteLength: 2 ** 28 }).resize(2 ** 28)',
    endsWith: ['LAMBDA_FAILED'],
  },
]
