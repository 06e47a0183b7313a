import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Bench, BenchOptions } from './bench.ts'

/**
 * `npm run bench -- NAME [--option value …]`: runs `bench/NAME.ts` or `bench/NAME/bench.ts`, prints its table, and as
 * the last line of standard output the same as JSON. Exits with 1 only when the bench itself fails: an aim that is
 * missed is a figure like any other.
 */
const [name, ...flags] = process.argv.slice(2)
const file =
  name && [`${name}.ts`, `${name}/${name}.ts`].find((path) => existsSync(new URL(path, import.meta.url)))
if (!name || !file) {
  console.error(`Usage: npm run bench -- NAME [--option value]\nBenches: ${(await benchNames()).join(', ')}`)
  process.exit(2)
}
const { run } = (await import(new URL(file, import.meta.url).href)) as { run: Bench }
const { rows, aims } = await run(readOptions(flags))
if (rows.length > 0) console.table(Object.fromEntries(rows.map((row, index) => [index + 1, row])))
if (aims.length > 0) console.table(aims)
console.log(JSON.stringify({ bench: name, rows, aims }))
process.exit(0)

function readOptions(args: readonly string[]): BenchOptions {
  const options: Record<string, string | true> = {}
  for (const [index, arg] of args.entries()) {
    if (!arg.startsWith('--')) continue
    const next = args[index + 1]
    options[arg.slice(2)] = next === undefined || next.startsWith('--') ? true : next
  }
  return options
}

/** A bench is a file that exports `run`; the folder of a larger one holds a file of its name. */
async function benchNames(): Promise<string[]> {
  const entries = await readdir(new URL('.', import.meta.url), { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  return files
    .map((entry) => entry.name.slice(0, -3))
    .concat(
      entries
        .filter(
          (entry) =>
            entry.isDirectory() && existsSync(new URL(`${entry.name}/${entry.name}.ts`, import.meta.url)),
        )
        .map((entry) => entry.name),
    )
    .filter((entry) => !['run', 'bench'].includes(entry))
}
