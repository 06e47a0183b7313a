import type { FetchGraph, FetchNode, FetchStep, FlattenNode, PlanNode } from './query-plan.ts'

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
