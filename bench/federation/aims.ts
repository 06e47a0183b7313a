import type { Aim } from '../bench.ts'
import { type Measured, rounded, spreadOf, type Turns } from './rounds.ts'

type Figure = (measured: Measured) => number | null

export const perSecond: Figure = (measured) => measured.perSecond
export const cpu: Figure = ({ cpuMsPerRequest }) => cpuMsPerRequest

/** The median of the ratios of each round; null without both. */
export function ratioOf(above: Turns | undefined, below: Turns | undefined, figure: Figure): number | null {
  const ratios = (above?.measured ?? []).map((each, round) => {
    const other = below?.measured[round]
    return (figure(each) ?? Number.NaN) / ((other && figure(other)) ?? Number.NaN)
  })
  const { median } = spreadOf(ratios)
  return Number.isFinite(median) ? rounded(median) : null
}

/** What was promised: must, aim, beyond. */
export function aimsOf(runs: readonly Turns[]): Aim[] {
  const ratio = (operation: string, [above, below]: [string, string], figure: Figure) => {
    const of = (name: string) =>
      runs.find((each) => each.gateway.name === name && each.operation === operation)
    return ratioOf(of(above), of(below), figure)
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
