/** What a bench measures. `rows` are for a table; a row's keys are its columns, units in their names. */
export type BenchResult = { rows: BenchRow[]; aims: Aim[] }

export type BenchRow = Readonly<Record<string, string | number | null>>

/** A figure that was promised, as it was measured just now. */
export type Aim = { name: string; aim: string; measured: number | null; met: boolean | null }

/** `options` are the flags after the bench's name, `--rounds 3` as `{ rounds: '3' }`, a flag alone as `true`. */
export type BenchOptions = Readonly<Record<string, string | true>>

export type Bench = (options: BenchOptions) => Promise<BenchResult>

/** A whole number out of the flags. */
export function numberOption(options: BenchOptions, name: string, fallback: number): number {
  const value = options[name]
  if (value === undefined) return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is a whole number above 0.`)
  return number
}

/** A list of names out of the flags, `--only ours,stock`; undefined when the flag is absent. */
export function listOption(options: BenchOptions, name: string): readonly string[] | undefined {
  const value = options[name]
  return typeof value === 'string' ? value.split(',') : undefined
}
