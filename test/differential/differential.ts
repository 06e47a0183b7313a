import { parse } from 'graphql'
import { composeForClient } from '../../gateway/composition/compose-for-client.ts'
import { createPlanner, type Planner } from '../../gateway/planning/create-planner.ts'
import type { PlannedOperation } from '../../gateway/planning/planned-operation.ts'
import type { Subgraph } from '../../gateway/transports/subgraph-fetch.ts'
import {
  type Answers,
  answerFederated,
  answerWhole,
  type CreateExecutors,
  deadSubgraph,
  inProcess,
  type NamedExecutor,
} from './answers.ts'
import { difference, executorDifference, partialDifference } from './compare.ts'
import { generateModel } from './generate-model.ts'
import { generateOperation, type Operation } from './generate-operation.ts'
import type { Model } from './model.ts'
import { subgraphSdl } from './print-sdl.ts'
import { randomFrom } from './random.ts'
import { createTruth, type FaultRates } from './truth.ts'
import { type Happening, type Served, serveSubgraph, serveWhole } from './world.ts'

/** A generated supergraph with all that answers on it. */
export type World = {
  seed: number
  model: Model
  supergraphSdl: string
  planner: Planner
  whole: Served
  subgraphs: ReadonlyMap<string, Subgraph>
  executors: NamedExecutor[]
  happening: Happening
}

export type Finding = {
  /** `seed/case`, as `npm run differential -- --case` takes it. */
  name: string
  what: string
  world: World
  operation: Operation
  expected: Answers | null
  actual: Answers | null
}

const attempts = 12

/** Null where no world of this seed composes. */
export function createWorld(seed: number, createExecutors: CreateExecutors): World | null {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const model = generateModel(randomFrom('world', seed, attempt))
    const sources = model.subgraphs.map((name) => ({ name, sdl: subgraphSdl(model, name) }))
    const composition = composeForClient(sources.filter(({ name }) => isUsed(model, name)))
    if (composition.ok)
      return worldOf(seed, { model, supergraphSdl: composition.supergraphSdl, createExecutors })
  }
  return null
}

function isUsed({ objects, interfaces }: Model, subgraph: string): boolean {
  return (
    objects.some(({ homes }) => homes.has(subgraph)) ||
    interfaces.some(({ entity }) => entity?.object === subgraph)
  )
}

type Parts = { model: Model; supergraphSdl: string; createExecutors: CreateExecutors }

function worldOf(seed: number, { model, supergraphSdl, createExecutors }: Parts): World {
  const truth = createTruth(model, String(seed), faultRates(seed))
  const happening: Happening = { log: [], event: 0, mishaps: [] }
  const planner = createPlanner(supergraphSdl)
  const subgraphs = new Map(
    model.subgraphs
      .filter((name) => isUsed(model, name))
      .map((name) => [name, inProcess(name, serveSubgraph(model, name, truth), happening)]),
  )
  const executors = createExecutors({ schema: planner.schema, subgraphs })
  const whole = serveWhole(model, truth)
  return { seed, model, supergraphSdl, planner, whole, subgraphs, executors, happening }
}

/** A third of the worlds is without faults, where every difference is one of data. */
function faultRates(seed: number): FaultRates {
  const rates = [
    { error: 0, null: 0, unfit: 0 },
    { error: 0.02, null: 0.005, unfit: 0.005 },
    { error: 0.1, null: 0.03, unfit: 0.02 },
  ]
  return randomFrom('faults', seed).pick(rates)
}

export function operationOf({ seed, whole }: World, index: number): Operation | null {
  return generateOperation(whole.schema, randomFrom('operation', seed, index))
}

/** The same world, its subgraphs reached in another way. */
export function reachedBy(
  world: World,
  subgraphs: ReadonlyMap<string, Subgraph>,
  createExecutors: CreateExecutors,
): World {
  const { schema } = world.planner
  return { ...world, subgraphs, executors: createExecutors({ schema, subgraphs }) }
}

/**
 * Answers one operation in every way there is. Null where all agree.
 *
 * @param compare how the reference's answer has to be like the whole's
 */
export async function examine(
  world: World,
  operation: Operation,
  compare: (whole: Answers, actual: Answers) => string | null = difference,
): Promise<Omit<Finding, 'name'> | null> {
  const { whole, planner, subgraphs, happening, executors } = world
  const expected = await answerWhole(whole, operation)
  const isRefused = operation.kind === 'subscription' && expected.results[0]?.data === undefined
  if (isRefused) return null
  const found = (what: string, actual: Answers | null) => ({ what, world, operation, expected, actual })
  const planned = await plan(planner, operation)
  if (planned instanceof Error) return found(`planning: ${planned.message}`, null)
  const federation = { schema: planner.schema, operation: planned, subgraphs, happening }
  let reference: Answers | null = null
  for (const executor of executors) {
    const actual = await answerFederated(executor, operation, federation).catch((error: Error) => error)
    const mishap = happening.mishaps.splice(0)[0]
    if (mishap) return found(`${executor.name}: ${mishap}`, null)
    if (!('results' in actual)) return found(`${executor.name} throws ${actual.stack}`, null)
    const differs = reference ? executorDifference(reference, actual) : compare(expected, actual)
    if (differs) return { ...found(`${executor.name}: ${differs}`, actual), expected: reference ?? expected }
    reference ??= actual
  }
  return null
}

/** The same while one subgraph is down. */
export function examineWithout(
  world: World,
  operation: Operation,
  { dead, createExecutors }: { dead: string; createExecutors: CreateExecutors },
): Promise<Omit<Finding, 'name'> | null> {
  const subgraphs = new Map(world.subgraphs).set(dead, deadSubgraph(dead))
  return examine(reachedBy(world, subgraphs, createExecutors), operation, (whole, partial) =>
    partialDifference(whole.results[0] ?? {}, partial.results[0] ?? {}),
  )
}

/**
 * What Apollo's planner is known to fail at: errors, and never wrong data. A mutation whose order depends on variables
 * is refused.
 */
const known = ['Cannot add fragment of condition', 'is selected under different conditions']

export function isKnown({ what }: Pick<Finding, 'what'>): boolean {
  return known.some((fault) => what.includes(fault))
}

async function plan(planner: Planner, { text }: Operation): Promise<PlannedOperation | Error> {
  try {
    return await planner.plan(parse(text), undefined)
  } catch (error) {
    const { originalError } = error as { originalError?: Error }
    return originalError ?? (error as Error)
  }
}
