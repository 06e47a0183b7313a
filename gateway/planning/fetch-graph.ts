import type { FetchNode, FlattenNode, PlanNode } from './query-plan.ts'

/**
 * What a query plan is underneath: calls, and what each of them waits for. Nothing waits for a call it does not need,
 * as the stages of a Sequence would have it. Plain data.
 */
export type FetchGraph = {
  kind: 'FetchGraph'
  /** Each after those it waits for. */
  steps: FetchStep[]
}

/** One call of one subgraph. */
export type FetchStep = {
  /** The steps that have to end before, as indexes. */
  after: number[]
  /** The call is made only where all of these hold. */
  when: Guard[]
  serviceName: string
  /** GraphQL text. */
  operation: string
  operationName: string | undefined
  operationKind: FetchNode['operationKind']
  variableUsages: string[]
  /** One for a call as the planner made it; a batched call has several. */
  parts: FetchPart[]
}

/** A `@skip` or `@include` around everything the call is for. */
export type Guard = { variable: string; is: boolean }

/** One fetch of the plan, within a call. */
export type FetchPart = {
  /** As the planner made it: what it requires and how its data is rewritten. */
  fetch: FetchNode
  /** Where its entities are in the answer; the root for a fetch without entities. */
  paths: FlattenNode['path'][]
  /** The key of its data in the call's answer, and the variable of its representations. */
  entities: string
  representations: string
}

/** The calls of a plan as it is. */
export function fetchGraph(plan: PlanNode): FetchGraph {
  const steps: FetchStep[] = []
  visit(plan, { path: [], after: [], when: [] }, steps)
  return { kind: 'FetchGraph', steps }
}

type Place = Pick<FetchStep, 'after' | 'when'> & { path: FlattenNode['path'] }

/** Adds the steps of `node`. What comes behind it waits for the steps returned. */
function visit(node: PlanNode | undefined, place: Place, steps: FetchStep[]): number[] {
  switch (node?.kind) {
    case undefined:
      return place.after
    case 'Fetch':
      return [steps.push(stepOf(node, place)) - 1]
    case 'Flatten':
      return visit(node.node, { ...place, path: [...place.path, ...node.path] }, steps)
    case 'Sequence': {
      let { after } = place
      for (const child of node.nodes) after = visit(child, { ...place, after }, steps)
      return after
    }
    case 'Parallel':
      return union(node.nodes.map((child) => visit(child, place, steps)))
    case 'Condition': {
      const guarded = (is: boolean) => ({
        ...place,
        when: [...place.when, { variable: node.condition, is }],
      })
      return union([
        visit(node.ifClause, guarded(true), steps),
        visit(node.elseClause, guarded(false), steps),
      ])
    }
    default:
      return node satisfies never
  }
}

function union(sets: readonly (readonly number[])[]): number[] {
  return [...new Set(sets.flat())].sort((a, b) => a - b)
}

function stepOf(fetch: FetchNode, { path, after, when }: Place): FetchStep {
  const { serviceName, operation, operationName, operationKind, variableUsages = [] } = fetch
  return {
    after,
    when,
    serviceName,
    operation,
    operationName,
    operationKind,
    variableUsages,
    parts: [{ fetch, paths: [path], entities: '_entities', representations: 'representations' }],
  }
}
