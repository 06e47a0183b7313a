import { keepRequestsYoung } from '../../foundation/garbage-collector.ts'
import { createPlannerPool, type PlannerPool } from '../../gateway/planning/planner-pool.ts'
import { type Bench, type BenchRow, numberOption } from '../bench.ts'
import { heapHeld, watched } from '../watch-event-loop.ts'
import { createWorld, type Plugins, type World } from './world.ts'

/**
 * What a client costs: memory active and at rest, its first request, a swap of its own while a thousand others are
 * swapped, and a new schema of a module that all have. `--most 1000`.
 */
export const run: Bench = async (options) => {
  // As every gateway does.
  keepRequestsYoung()
  const most = numberOption(options, 'most', 1_000)
  const counts = [10, 100, 1_000].filter((count) => count <= most)
  const rows: (BenchRow & Figures)[] = []
  for (const plugins of ['none', 'own'] as const) {
    for (const count of counts) rows.push({ clients: count, plugins, ...(await measure(count, plugins)) })
  }
  const largest = rows.findLast(({ plugins }) => plugins === 'own')
  const aim = (name: keyof Figures, below: number) => {
    const measured = largest?.[name] ?? null
    return { name, aim: `< ${below}`, measured, met: measured === null ? null : measured < below }
  }
  return {
    rows,
    aims: [
      aim('active, KB', 2_048),
      aim('at rest, KB', 50),
      aim('own swap, ms', 1_000),
      aim('own swap meanwhile, ms', 1_000),
      aim('50 busiest, ms', 2_000),
      aim('all, ms', 60_000),
      aim('longest block by a swap, ms', 50),
    ],
  }
}

type Figures = Awaited<ReturnType<typeof measure>>

const busiest = 50
const queries = [
  '{ me { id name } }',
  'query List { users(first: 5) { edges { node { id name } } } }',
  '{ records(collection: "orders", first: 5) { edges { node { id createdBy { name } } } } }',
]

async function measure(count: number, plugins: Plugins) {
  const planners = createPlannerPool()
  try {
    const resting = await measureRest(count, plugins, planners)
    const world = await createWorld(count, { plugins, most: count, planners })
    const empty = await heapHeld()
    const waking = await watched(() => wakeAll(world))
    const active = ((await heapHeld()) - empty) / count
    const own = await watched(() => swapOwn(world, world.clients[0] ?? ''))
    const common = await watched(() => swapAll(world))
    await world.generations.close()
    return {
      'active, KB': round(active / 1024),
      'at rest, KB': round(resting / 1024),
      'first request, ms': waking.result,
      'own swap, ms': own.result,
      'own swap meanwhile, ms': common.result.own,
      '50 busiest, ms': common.result.busiest,
      'all, ms': round(common.tookMs),
      'own CPU of all, ms': round(common.ownCpuMs),
      'longest block while they wake, ms': round(waking.longestBlockMs),
      'longest block by a swap, ms': round(Math.max(own.longestBlockMs, common.longestBlockMs)),
      'RSS, MB': round(process.memoryUsage().rss / 1024 / 1024),
    }
  } finally {
    await planners.close()
  }
}

/** All are used, and all but a few are at rest again. */
async function measureRest(count: number, plugins: Plugins, planners: PlannerPool): Promise<number> {
  const few = 5
  const world = await createWorld(count, { plugins, most: few, planners })
  const empty = await heapHeld()
  await wakeAll(world)
  const held = (await heapHeld()) - empty
  const first = await createWorld(few, { plugins, most: few, planners })
  const before = await heapHeld()
  await wakeAll(first)
  const active = (await heapHeld()) - before
  await Promise.all([world.generations.close(), first.generations.close()])
  return Math.max(0, held - active) / Math.max(1, count - few)
}

/** Every client's first operations, the busiest ones' more often. In milliseconds, of the first that is answered. */
async function wakeAll({ generations, clients }: World): Promise<number> {
  let first = 0
  for (const [n, client] of clients.entries()) {
    const start = performance.now()
    using lease = await generations.acquire(client)
    for (const query of queries) {
      const prepared = await lease.generation.planner.prepare({ query, operationName: undefined })
      if (!prepared.ok) throw new Error(`Not planned: ${prepared.errors.join()}`)
      lease.generation.executor.warm(prepared.operation)
    }
    if (n === Math.min(9, clients.length - 1)) first = round(performance.now() - start)
    for (let uses = n < busiest ? 100 : 1; uses > 0; uses -= 1) {
      const again = await generations.acquire(client)
      again[Symbol.dispose]()
    }
  }
  return first
}

async function swapOwn({ generations, release }: World, client: string): Promise<number> {
  const start = performance.now()
  release(client, Math.round(start))
  await generations.serve(client)
  return round(performance.now() - start)
}

async function swapAll(world: World) {
  const { generations, clients } = world
  const start = performance.now()
  const served = new Map<string, number>()
  const stop = generations.onChange((client) => served.set(client, performance.now() - start))
  world.changeModule('2.0.0')
  const all = generations.swap()
  const last = clients.at(-1) ?? ''
  const own = swapOwn(world, last)
  await all
  stop()
  const busy = clients.slice(0, busiest).map((client) => served.get(client) ?? Number.NaN)
  return { own: await own, busiest: round(Math.max(...busy)) }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
