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
import { overHttp } from './over-http.ts'
import { shrink } from './shrink.ts'

// A part of what `npm run differential` does, the same each time. Another part: `npm run differential -- --seed N`.
const firstSeed = 1
const worlds = 24
const operations = 16

const seeds = Array.from({ length: worlds }, (_, index) => firstSeed + index)

describe('generated supergraphs answer as one schema that holds everything', () => {
  test.each(seeds)('seed %i', async (seed) => {
    const world = createWorld(seed, executors)
    if (world) await examineAll(world, (operation) => examine(world, operation))
  })

  test.each(seeds.slice(0, 4))('seed %i, over HTTP', async (seed) => {
    const world = createWorld(seed, executors)
    if (!world) return
    const served = await overHttp(world, executors)
    try {
      await examineAll(served.world, (operation) => examine(served.world, operation))
    } finally {
      await served.close()
    }
  })

  test.each(seeds.slice(0, 8))('seed %i, each subgraph down in its turn', async (seed) => {
    const world = createWorld(seed, executors)
    if (!world) return
    const names = [...world.subgraphs.keys()]
    await examineAll(world, async (operation, index) => {
      const dead = names[index % names.length] ?? ''
      if (operation.kind !== 'query') return null
      return examineWithout(world, operation, { dead, createExecutors: executors })
    })
  })
})

type Examine = (operation: Operation, index: number) => Promise<Omit<Finding, 'name'> | null>

async function examineAll(world: World, examineOne: Examine): Promise<void> {
  for (let index = 0; index < operations; index++) {
    const operation = operationOf(world, index)
    const found = operation && (await examineOne(operation, index))
    if (!found || isKnown(found)) continue
    throw new Error(describeFinding(await shrink({ ...found, name: `${world.seed}/${index}` })))
  }
}
