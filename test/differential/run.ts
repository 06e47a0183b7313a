import { parseArgs } from 'node:util'
import { describeFinding } from './describe-finding.ts'
import { createWorld, examine, type Finding, operationOf } from './differential.ts'
import { executors } from './executors.ts'
import { shrink } from './shrink.ts'

// npm run differential -- --seed 1 --cases 20000     npm run differential -- --case 17/4
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '2000' },
    each: { type: 'string', default: '25' },
    case: { type: 'string' },
    stop: { type: 'string', default: '5' },
  },
})

const findings: Finding[] = []
const kinds = new Map<string, string[]>()
let cases = 0
let worlds = 0
let skipped = 0

async function runWorld(seed: number, indexes: readonly number[]): Promise<void> {
  const world = createWorld(seed, executors)
  if (!world) {
    skipped++
    return
  }
  worlds++
  for (const index of indexes) {
    const operation = operationOf(world, index)
    if (!operation) continue
    cases++
    const found = await examine(world, operation)
    if (!found) continue
    const name = `${seed}/${index}`
    const kind = found.what.slice(0, 100)
    kinds.set(kind, [...(kinds.get(kind) ?? []), name])
    if (findings.length < Number(values.stop)) findings.push(await shrink({ ...found, name }))
  }
}

if (values.case) {
  const [seed = 0, index = 0] = values.case.split('/').map(Number)
  await runWorld(seed, [index])
} else {
  const each = Array.from({ length: Number(values.each) }, (_, index) => index)
  for (let seed = Number(values.seed); cases < Number(values.cases); seed++) await runWorld(seed, each)
}
for (const finding of findings) console.log(describeFinding(finding))
for (const [kind, names] of kinds) console.log(`${names.length} x ${kind}: ${names.slice(0, 8).join(' ')}`)
console.log(
  `${cases} cases in ${worlds} supergraphs (${skipped} seeds without one) from seed ${values.case ?? values.seed}`,
)
process.exitCode = kinds.size > 0 ? 1 : 0
