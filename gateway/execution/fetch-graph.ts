import type { GraphQLError } from 'graphql'
import type { FetchGraph, FetchStep } from '../planning/query-plan.ts'
import type { PlanExecution } from './call-subgraph.ts'
import { fetchEntities } from './fetch-entities.ts'
import { executeFetchNode } from './fetch-node.ts'
import { flatten } from './flatten.ts'
import type { ResponseObject } from './response-data.ts'

/** Each step as soon as those before it have ended, on `root`, which they complete in place. */
export async function executeFetchGraph(
  { steps }: FetchGraph,
  root: ResponseObject,
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  const running: Promise<GraphQLError[]>[] = []
  for (const step of steps) {
    const before = Promise.all(step.after.map((index) => running[index]))
    running.push(before.then(() => executeFetchStep(step, root, execution)))
  }
  return (await Promise.all(running)).flat()
}

async function executeFetchStep(
  step: FetchStep,
  root: ResponseObject,
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  if (!step.when.every(({ variable, is }) => (execution.variables[variable] === true) === is)) return []
  const parts = step.parts.map((part) => ({
    ...part,
    objects: [...new Set(part.paths.flatMap((path) => flatten([root], path)))],
  }))
  const [only] = parts
  if (only && !only.fetch.requires) return executeFetchNode(only.fetch, only.objects, execution)
  return fetchEntities(step, parts, execution)
}
