import type { EscapeCase } from './escape-case.ts'

// The thread of such code cannot be taken back: its process is replaced, and its client has to run apart.
const endsWith = ['LAMBDA_CPU_EXCEEDED', 'LAMBDA_TIMEOUT']

/** Built-ins of the engine that never look whether they are to end. */
export const uninterruptible: EscapeCase[] = [
  {
    tries: 'arithmetic with 30 million bits',
    body: 'const x = (1n << 30000000n) - 1n; return String(x * x)',
    endsWith,
  },
  { tries: 'a search through 4 billion holes', body: 'return (new Array(2 ** 32 - 2)).indexOf(7)', endsWith },
  {
    tries: 'to turn around what is only long',
    body: 'return Object.defineProperty([], "length", { value: 2 ** 32 - 1 }).reverse()',
    endsWith,
  },
]

/** What ends the whole process at once: V8 does so where it is asked for a length it cannot make. */
export const processKillers: EscapeCase[] = [
  {
    tries: 'to split a string into more parts than there can be',
    body: 'return "x".repeat(2 ** 28).split("").length',
    endsWith: ['LAMBDA_UNAVAILABLE'],
  },
]
