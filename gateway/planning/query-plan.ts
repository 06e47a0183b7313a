import type { OperationTypeNode } from 'graphql'

/**
 * A query plan as plain data: it crosses threads, and nothing in it is code or shared. Apollo's plan without what
 * is not served here (`@defer`) or not data (parsed documents).
 */
export type QueryPlan = {
  /** Absent where nothing has to be fetched: an operation of introspection, or one that could not be planned. */
  node?: PlanNode | SubscriptionNode
  /** How it is carried out; of a subscription what is done for each event. Absent where nothing has to be fetched. */
  calls?: FetchGraph
}

export type PlanNode = FetchNode | FlattenNode | SequenceNode | ParallelNode | ConditionNode

export type SequenceNode = { kind: 'Sequence'; nodes: PlanNode[] }

export type ParallelNode = { kind: 'Parallel'; nodes: PlanNode[] }

export type FlattenNode = {
  kind: 'Flatten'
  /** Response keys; `@` is every element of a list. */
  path: (string | number)[]
  node: PlanNode
}

export type ConditionNode = {
  kind: 'Condition'
  /** A variable, by its private name. */
  condition: string
  ifClause?: PlanNode
  elseClause?: PlanNode
}

export type SubscriptionNode = {
  kind: 'Subscription'
  primary: FetchNode
  rest?: PlanNode
  /** The type of the argument after which the stream goes on, see event-places.ts. Absent where it knows no places. */
  after?: string
}

export type FetchNode = {
  kind: 'Fetch'
  serviceName: string
  /** GraphQL text. */
  operation: string
  operationName: string | undefined
  operationKind: OperationTypeNode
  /** Private names of the variables that `operation` uses, `representations` not among them. */
  variableUsages?: string[]
  /** Of an entity fetch: what of each entity is sent as its representation. */
  requires?: RequiredSelection[]
  /** What can be asked of an entity by its key alone, where something that other fields require has failed. */
  independent?: FetchNode
  /** Applied to each representation before it is sent. */
  inputRewrites?: DataRewrite[]
  /** Applied to what was received: to each entity, or to the root. */
  outputRewrites?: DataRewrite[]
}

export type RequiredSelection = RequiredField | RequiredFragment

export type RequiredField = {
  kind: 'Field'
  /** The key it has in the data, where that is not `name`. */
  alias?: string
  name: string
  selections?: RequiredSelection[]
}

export type RequiredFragment = {
  kind: 'InlineFragment'
  typeCondition?: string
  selections: RequiredSelection[]
}

/** `path`: keys and `... on Type` steps, through lists of any depth; its last step is the key that is rewritten. */
export type DataRewrite =
  | { kind: 'ValueSetter'; path: string[]; setValueTo: string | number | boolean | null }
  | { kind: 'KeyRenamer'; path: string[]; renameKeyTo: string }

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
