import type { Aim, BenchRow } from '../bench.ts'
import { rounded, spreadOf } from '../federation/rounds.ts'
import type { Measured, Setting } from './turn.ts'

export type Run = Setting & { measured: Measured[] }

type Figure = (measured: Measured) => number | null

const cpu: Figure = (each) => each.cpuUsPerMessage

export function rowOf(run: Run, runs: readonly Run[]): BenchRow {
  const { server, subscription, sockets } = run
  return {
    subscription,
    sockets,
    server: server.name,
    ...figures('cpuUs', run, cpu),
    'x use-server': ratioOf(run, beside(run, 'use-server', runs)),
    ...figures('p50Ms', run, (each) => each.p50Ms),
    ...figures('p99Ms', run, (each) => each.p99Ms),
    ...figures('kbIdle', run, (each) => each.kbPerSubscription),
    fetchesPerEvent: medianOf(run, (each) => each.fetchesPerEvent),
    upstreams: medianOf(run, (each) => each.upstreamSubscriptions),
    bytes: medianOf(run, (each) => each.bytes),
  }
}

/** What was promised of a fan-out, at the largest number of sockets and at each of the others. */
export function aimsOf(runs: readonly Run[]): Aim[] {
  return runs
    .filter(({ server }) => server.name === 'ours')
    .flatMap((run) => {
      const of = `${run.subscription}, ${run.sockets} sockets`
      const ratio = ratioOf(run, beside(run, 'use-server', runs))
      const kb = medianOf(run, (each) => each.kbPerSubscription)
      const aims = [
        aim(`CPU per message against useServer with local data, ${of}`, '<= 0.4', [ratio, (is) => is <= 0.4]),
        aim(`KB resident per idle subscription, ${of}`, '< 20', [kb, (is) => is < 20]),
      ]
      if (run.subscription === 'plain') return aims
      const fetches = spreadOf(run.measured.map((each) => each.fetchesPerEvent)).max
      return [...aims, aim(`sets of entity fetches per event, ${of}`, '1', [fetches, (is) => is === 1])]
    })
}

export function aim(
  name: string,
  promise: string,
  [measured, isMet]: [number | null, (measured: number) => boolean],
): Aim {
  return { name, aim: promise, measured, met: measured === null ? null : isMet(measured) }
}

function beside(run: Run, name: string, runs: readonly Run[]): Run | undefined {
  return runs.find(
    ({ server, subscription, sockets }) =>
      server.name === name && subscription === run.subscription && sockets === run.sockets,
  )
}

function figures(name: string, { measured }: Run, figure: Figure): BenchRow {
  const { median, min, max } = spreadOf(measured.map((each) => figure(each) ?? Number.NaN))
  return { [name]: rounded(median), [`${name} min-max`]: `${rounded(min)}-${rounded(max)}` }
}

function medianOf({ measured }: Run, figure: Figure): number | null {
  const { median } = spreadOf(measured.map((each) => figure(each) ?? Number.NaN))
  return Number.isFinite(median) ? rounded(median) : null
}

/** The median of the ratios of each round, by CPU; null without both. */
function ratioOf(above: Run, below: Run | undefined): number | null {
  const ratios = above.measured.map((each, round) => {
    const other = below?.measured[round]
    return (cpu(each) ?? Number.NaN) / ((other && cpu(other)) ?? Number.NaN)
  })
  const { median } = spreadOf(ratios)
  return Number.isFinite(median) ? rounded(median) : null
}
