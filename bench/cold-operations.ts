import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'
import { createPlanner, type Planner } from '../gateway/planning/create-planner.ts'
import { createPlannerPool } from '../gateway/planning/planner-pool.ts'
import { type Bench, numberOption } from './bench.ts'
import { bigQuery, subgraphSdl } from './federation/scenario.ts'
import { heapHeld, watched } from './watch-event-loop.ts'

/**
 * What an operation costs that was never seen before: parsed, validated and planned, and how long nothing else is done
 * meanwhile. `--operations 200 --distinct 10000`.
 */
export const run: Bench = async (options) => {
  const operations = numberOption(options, 'operations', 200)
  const distinct = numberOption(options, 'distinct', 10_000)
  const supergraphSdl = composeSupergraph()
  const pool = createPlannerPool()
  try {
    const here = await measure('in the gateway’s own thread', operations, async () =>
      createPlanner(supergraphSdl),
    )
    const threads = await measure('in threads', operations, () => pool.open(supergraphSdl))
    const memory = await measureMemory(await pool.open(supergraphSdl), distinct)
    return {
      rows: [here, threads],
      aims: [
        {
          name: `longest block of the event loop, ${operations} cold operations, ms`,
          aim: '< 50',
          measured: threads['longest block, ms'],
          met: threads['longest block, ms'] < 50,
        },
        {
          name: `heap after ${distinct} distinct operations, MB more than after ${distinct / 4}`,
          aim: '< 20',
          measured: memory,
          met: memory < 20,
        },
      ],
    }
  } finally {
    await pool.close()
  }
}

async function measure(planners: string, operations: number, open: () => Promise<Planner>) {
  const building = await watched(open)
  const planner = building.result
  const first = await watched(() => prepare(planner, bigQuery))
  const second = await watched(() => prepare(planner, bigQuery.replace('query Shop', 'query Shop2')))
  const burst = await watched(() =>
    Promise.all(Array.from({ length: operations }, (_, n) => prepare(planner, variation(n)))),
  )
  return {
    planners,
    'built in, ms': round(building.tookMs),
    'block while building, ms': round(building.longestBlockMs),
    'first big query, ms': round(first.tookMs),
    'next big query, ms': round(second.tookMs),
    [`${operations} operations, ms`]: round(burst.tookMs),
    'own CPU of it, ms': round(burst.ownCpuMs),
    'longest block, ms': round(burst.longestBlockMs),
  }
}

async function prepare(planner: Planner, query: string): Promise<void> {
  const prepared = await planner.prepare({ query, operationName: undefined })
  if (!prepared.ok) throw new Error(`Not planned: ${prepared.errors.map(({ message }) => message).join()}`)
}

/** Half of the big query, otherwise named and counted each time. */
function variation(n: number): string {
  return `query Shop${n} {
    topProducts(first: ${n}) { upc name shippingEstimate reviews { id body author { name reviews { product { name inStock } } } } }
  }`
}

/** How much the heap grows once the cache is full, in MB. */
async function measureMemory(planner: Planner, distinct: number): Promise<number> {
  const heapAfter = async (from: number, to: number) => {
    for (let n = from; n < to; n += 100) {
      const batch = Array.from({ length: Math.min(100, to - n) }, (_, index) =>
        prepare(planner, small(n + index)),
      )
      await Promise.all(batch)
    }
    return (await heapHeld()) / 2 ** 20
  }
  const full = await heapAfter(0, distinct / 4)
  return round((await heapAfter(distinct / 4, distinct)) - full)
}

function small(n: number): string {
  return `query Small${n} { viewer { id name reviews { body rating product { name } } } }`
}

function composeSupergraph(): string {
  const services = Object.entries(subgraphSdl).map(([name, sdl]) => ({
    name,
    url: name,
    typeDefs: parse(sdl),
  }))
  const { supergraphSdl } = composeServices(services)
  if (!supergraphSdl) throw new Error('The scenario does not compose.')
  return supergraphSdl
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
