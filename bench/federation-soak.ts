import { type Bench, type BenchRow, numberOption } from './bench.ts'
import { startedAlone } from './federation/alone.ts'
import { residentMb } from './federation/process.ts'
import { rounded } from './federation/rounds.ts'
import { bigQuery } from './federation/scenario.ts'

/** Part of the run is spent on getting warm: memory is compared from then on. */
const warmShare = 0.2

/**
 * Our gateway's memory: over minutes of the big query, and after thousands of operations that it has never seen.
 * Options: `--minutes` (10), `--operations` (10000), `--connections` (8).
 */
export const run: Bench = async (options) => {
  const minutes = numberOption(options, 'minutes', 10)
  const operations = numberOption(options, 'operations', 10_000)
  const connections = numberOption(options, 'connections', 8)
  const gateway = await startedAlone()
  const rows: BenchRow[] = []
  try {
    const slices = minutes * 6
    for (let slice = 1; slice <= slices; slice++) {
      const bodies = [JSON.stringify({ query: bigQuery })]
      const { perSecond, p99Ms } = await gateway.load({ bodies, connections, seconds: 10 })
      rows.push({
        load: 'big',
        seconds: slice * 10,
        perSecond: rounded(perSecond),
        p99Ms: rounded(p99Ms),
        rssMb: memory(gateway.pid),
      })
    }
    for (let thousand = 0; thousand * 1_000 < operations; thousand++) {
      const bodies = Array.from({ length: 1_000 }, (_, index) => distinctOperation(thousand * 1_000 + index))
      const { perSecond, p99Ms } = await gateway.load({ bodies, connections, seconds: 600, requests: 1_000 })
      rows.push({
        load: 'distinct',
        operations: (thousand + 1) * 1_000,
        perSecond: rounded(perSecond),
        p99Ms: rounded(p99Ms),
        rssMb: memory(gateway.pid),
      })
    }
  } finally {
    await gateway.close()
  }
  const growth = (of: readonly BenchRow[]) =>
    Number(of.at(-1)?.rssMb) - Number(of[Math.floor(of.length * warmShare)]?.rssMb)
  const [big, distinct] = [
    rows.filter(({ load }) => load === 'big'),
    rows.filter(({ load }) => load === 'distinct'),
  ]
  return {
    rows,
    aims: [
      { name: 'MB grown under load, once warm', aim: '<= 40', measured: growth(big), met: growth(big) <= 40 },
      {
        name: 'MB grown by distinct operations, once the caches are full',
        aim: '<= 100',
        measured: growth(distinct),
        met: growth(distinct) <= 100,
      },
    ],
  }
}

function memory(pid: number): number | null {
  const megabytes = residentMb(pid)
  return megabytes && Math.round(megabytes)
}

/** Equal to no other in its text, and planned anew. */
function distinctOperation(number: number): string {
  return JSON.stringify({
    query: `query Operation${number} { topProducts(first: 2) { name${number}: name reviews { body author { username } } inStock } }`,
  })
}
