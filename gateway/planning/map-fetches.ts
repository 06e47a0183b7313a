import type { FetchNode, PlanNode, SubscriptionNode } from './query-plan.ts'

/** The same plan with each of its fetches changed. */
export function mapFetches(
  node: PlanNode | SubscriptionNode,
  change: (fetch: FetchNode) => FetchNode,
): PlanNode | SubscriptionNode {
  if (node.kind !== 'Subscription') return mapNode(node, change)
  const primary = change(node.primary)
  return node.rest ? { ...node, primary, rest: mapNode(node.rest, change) } : { ...node, primary }
}

function mapNode(node: PlanNode, change: (fetch: FetchNode) => FetchNode): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      return change(node)
    case 'Flatten':
      return { ...node, node: mapNode(node.node, change) }
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => mapNode(child, change)) }
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: mapNode(node.ifClause, change) }),
        ...(node.elseClause && { elseClause: mapNode(node.elseClause, change) }),
      }
    default:
      return node satisfies never
  }
}
