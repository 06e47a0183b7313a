import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport } from './load.ts'
import { cpuSeconds, residentMb, type Started, startNode } from './process.ts'
import { otherCore } from './set-up.ts'

export type Measured = LoadReport & { cpuMsPerRequest: number | null; residentMb: number | null }

/** A gateway's turns with one operation, one for each round. */
export type Turns = { gateway: { name: string }; operation: string; measured: Measured[] }

export type LoadGenerator = {
  /** Loads the gateway of that process, and looks at what it uses meanwhile. */
  run(order: LoadOrder, gatewayPid: number): Promise<Measured>
  stop: Started['stop']
}

export function startLoadGenerator(): LoadGenerator {
  const file = fileURLToPath(new URL('load.ts', import.meta.url))
  const { child, stop } = startNode({ args: [file], core: otherCore })
  return {
    async run(order, gatewayPid) {
      const before = cpuSeconds(gatewayPid)
      const answer = await new Promise<{ report?: LoadReport; error?: string }>((resolve) => {
        child.once('message', resolve)
        child.send(order)
      })
      if (!answer.report) throw new Error(answer.error)
      const after = cpuSeconds(gatewayPid)
      const { report } = answer
      if (report.wrong > 0) throw new Error(`${report.wrong} wrong answers, the first:\n${report.firstWrong}`)
      return {
        ...report,
        cpuMsPerRequest:
          before === null || after === null ? null : ((after - before) * 1000) / report.requests,
        residentMb: residentMb(gatewayPid),
      }
    },
    stop,
  }
}

export type Spread = { median: number; min: number; max: number }

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  const median = sorted.length % 2 === 0 ? ((sorted[middle - 1] ?? high) + high) / 2 : high
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/** Three figures that matter, whatever the size. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
