import type { Aim } from '../bench.ts'
import type { Run } from './federation.ts'
import { type Measured, rounded, spreadOf } from './rounds.ts'

type Figure = (measured: Measured) => number | null

const perSecond: Figure = (measured) => measured.perSecond
const cpu: Figure = ({ cpuMsPerRequest }) => cpuMsPerRequest

/** What was promised: must, aim, beyond. Ratios are the median of the ratios of each round. */
export function aimsOf(runs: readonly Run[]): Aim[] {
  const ratio = (operation: string, [above, below]: [string, string], figure: Figure) => {
    const of = (name: string) =>
      runs.find((each) => each.gateway.name === name && each.operation === operation)
    const [upper, lower] = [of(above)?.measured ?? [], of(below)?.measured ?? []]
    const ratios = upper.map((each, round) => {
      const other = lower[round]
      return (figure(each) ?? Number.NaN) / ((other && figure(other)) ?? Number.NaN)
    })
    const { median } = spreadOf(ratios)
    return Number.isFinite(median) ? rounded(median) : null
  }
  return [
    ...atLeast(
      'big query, x stock Apollo Gateway',
      ratio('big', ['ours', 'stock-apollo'], perSecond),
      [15, 25, 45],
    ),
    ...atLeast(
      'big query, x Hive Gateway with Rust planner',
      ratio('big', ['ours', 'hive-rust'], perSecond),
      [4, 6, 11],
    ),
    ...atMost('big query, CPU against the floor', ratio('big', ['ours', 'floor'], cpu), [7, 5, 3]),
    ...atLeast(
      'one-fetch query, x stock, authentication on',
      ratio('one-fetch', ['ours-authenticated', 'stock-apollo'], perSecond),
      [6, 12, 20],
    ),
  ]
}

const levels = ['must', 'aim', 'beyond']

function atLeast(name: string, measured: number | null, limits: readonly number[]): Aim[] {
  return limits.map((limit, index) => ({
    name,
    aim: `${levels[index]}: >= ${limit}`,
    measured,
    met: measured === null ? null : measured >= limit,
  }))
}

function atMost(name: string, measured: number | null, limits: readonly number[]): Aim[] {
  return limits.map((limit, index) => ({
    name,
    aim: `${levels[index]}: <= ${limit}`,
    measured,
    met: measured === null ? null : measured <= limit,
  }))
}
