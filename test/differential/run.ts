import { parseArgs } from 'node:util'
import { describeFinding } from './describe-finding.ts'
import {
  createWorld,
  examine,
  examineWithout,
  type Finding,
  isKnown,
  operationOf,
  type World,
} from './differential.ts'
import { executors } from './executors.ts'
import type { Operation } from './generate-operation.ts'
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
let known = 0

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
    const found = (await examine(world, operation)) ?? (await examineDead(world, operation, index))
    if (!found) continue
    if (isKnown(found)) {
      known++
      continue
    }
    const name = `${seed}/${index}`
    const kind = found.what.slice(0, 100)
    kinds.set(kind, [...(kinds.get(kind) ?? []), name])
    if (findings.length < Number(values.stop)) findings.push(await shrink({ ...found, name }))
  }
}

/** Every fourth query is also asked while one of the subgraphs is down. */
async function examineDead(world: World, operation: Operation, index: number) {
  if (operation.kind !== 'query' || index % 4 !== 0) return null
  const names = [...world.subgraphs.keys()]
  const dead = names[(index / 4) % names.length] ?? ''
  const found = await examineWithout(world, operation, { dead, createExecutors: executors })
  return found && { ...found, what: `${found.what} (without ${dead})` }
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
  `${cases} cases in ${worlds} supergraphs (${skipped} seeds without one) from ${values.case ?? values.seed}; ${known} met a known fault of the planner`,
)
process.exitCode = kinds.size > 0 ? 1 : 0
