import { joinCalls } from './join-calls.ts'
import type { FetchGraph, FetchPart, FetchStep } from './query-plan.ts'

/**
 * The same plan with fewer calls. Entity fetches of one subgraph become one call where they wait for the same calls,
 * or where nothing waits for them. So no call that another one waits for begins later than it would have, and the
 * answer is complete no later. Fetches of roots, mutations among them, stay as they are.
 */
export function batchFetches(graph: FetchGraph): FetchGraph {
  return { kind: 'FetchGraph', steps: joinLeaves(joinSiblings(graph.steps)) }
}

/** Steps that wait for the same steps begin together. */
function joinSiblings(steps: readonly FetchStep[]): FetchStep[] {
  const joined: FetchStep[] = []
  const places: number[] = []
  for (const step of steps) {
    const after = sortedSet(step.after.map((index) => places[index] ?? 0))
    const moved = { ...step, after }
    const sibling = joined.findIndex((other) => sameSet(other.after, after) && mayJoin(other, moved))
    places.push(sibling < 0 ? joined.push(moved) - 1 : sibling)
    const other = joined[sibling]
    if (other) joined[sibling] = join(other, moved)
  }
  return joined
}

/** Steps that nothing waits for begin with the last of them: the answer waits for that one anyway. */
function joinLeaves(steps: readonly FetchStep[]): FetchStep[] {
  const awaited = new Set(steps.flatMap(({ after }) => after))
  const kept: (FetchStep | undefined)[] = [...steps]
  for (const [index, leaf] of steps.entries()) {
    if (awaited.has(index)) continue
    const earlier = kept.findIndex(
      (other, at) => other !== undefined && at < index && !awaited.has(at) && mayJoin(other, leaf),
    )
    const other = kept[earlier]
    if (!other) continue
    kept[index] = { ...join(other, leaf), after: sortedSet([...other.after, ...leaf.after]) }
    kept[earlier] = undefined
  }
  return renumbered(kept)
}

/** Without the steps that went into others; those were leaves, nothing waits for them. */
function renumbered(steps: readonly (FetchStep | undefined)[]): FetchStep[] {
  const places = new Map<number, number>()
  const present: FetchStep[] = []
  for (const [index, step] of steps.entries()) {
    if (!step) continue
    places.set(index, present.length)
    present.push({ ...step, after: step.after.map((other) => places.get(other) ?? 0) })
  }
  return present
}

function mayJoin(one: FetchStep, other: FetchStep): boolean {
  return (
    one.serviceName === other.serviceName &&
    JSON.stringify(one.when) === JSON.stringify(other.when) &&
    [...one.parts, ...other.parts].every(isEntityFetch)
  )
}

function isEntityFetch({ fetch }: FetchPart): boolean {
  return fetch.requires !== undefined && fetch.operationKind === 'query'
}

function join(one: FetchStep, other: FetchStep): FetchStep {
  return { ...one, ...joinCalls([...one.parts, ...other.parts]) }
}

function sameSet(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}

function sortedSet(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
