import { tryPost } from '../support/graphql.ts'
import type { LoadOperation } from './operations.ts'
import type { Served } from './release.ts'

export type Load = {
  /** Answered so far. */
  answered(): number
  /** The slowest hundredth of the operations of the time since the last call, in milliseconds. */
  p99(): number
  stop(): Promise<string[]>
}

export type LoadOptions = {
  endpoint: string
  headers: Readonly<Record<string, string>>
  operations: readonly LoadOperation[]
  connections: number
  since(start: number): readonly Served[]
}

/** Operations without pause on so many connections. Each answer is judged; `stop` answers what was wrong. */
export function startLoad({ endpoint, headers, operations, connections, since }: LoadOptions): Load {
  const faults: string[] = []
  let times: number[] = []
  let answered = 0
  let phase: 'running' | 'stopped' = 'running'
  const ask = async ({ name, query, faultOf }: LoadOperation) => {
    const start = performance.now()
    const answer = await tryPost(endpoint, headers, { query })
    times.push(performance.now() - start)
    answered += 1
    const fault = faultOf(answer, since(start))
    if (fault !== null) faults.push(`${name}: ${fault}`)
  }
  const connect = async (first: number) => {
    for (let next = first; phase === 'running'; next += 1) {
      const operation = operations[next % operations.length]
      if (operation) await ask(operation)
    }
  }
  const connected = Promise.all(Array.from({ length: connections }, (_, index) => connect(index)))
  return {
    answered: () => answered,
    p99() {
      const sorted = times.sort((one, other) => one - other)
      times = []
      return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0)
    },
    async stop() {
      phase = 'stopped'
      await connected
      return faults
    },
  }
}
