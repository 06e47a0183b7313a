import type { BenchRow } from '../bench.ts'

/**
 * What function platforms publish of themselves, beside our own figures: other machines, other languages, and most of them a
 * network away, so that only the size of a figure says something.
 */
export const published: BenchRow[] = [
  {
    what: 'published: AWS Lambda, cold start',
    published: 'under 100 ms to over 1 s; in under 1 % of invocations',
    source: 'AWS Lambda Developer Guide, execution environment lifecycle',
  },
  {
    what: 'published: Cloudflare Workers, cold start',
    published: 'isolates start in under 5 ms; 128 MB each; 10 ms CPU (free), 30 s (paid default)',
    source: 'Cloudflare Workers documentation, how Workers works; limits',
  },
]
