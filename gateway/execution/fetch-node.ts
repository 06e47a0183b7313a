import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLError, GraphQLSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { Caller, Subgraph } from '../transports/subgraph-fetch.ts'
import { fetchedFields } from './fetched-fields.ts'
import { mergeInto, mergeValue } from './merge.ts'
import { type FetchedData, noData, readResponse } from './read-response.ts'
import { representEntities } from './representations.ts'
import {
  absenceReason,
  copyOf,
  FailedField,
  failedWith,
  isResponseObject,
  type ResponseObject,
  type ResponseValue,
} from './response-data.ts'

/** What every fetch of one run of a plan shares. */
export type PlanExecution = {
  supergraph: GraphQLSchema
  subgraphs: ReadonlyMap<string, Subgraph>
  caller: Caller
  /** Coerced. */
  variables: Readonly<Record<string, unknown>>
  signal: AbortSignal
}

/**
 * Asks one subgraph and merges its answer into `objects`: the root, or the entities that the fetch is about.
 * A subgraph that fails leaves its fields failed and nothing else.
 *
 * @returns the errors that belong to no field
 */
export async function executeFetchNode(
  node: FetchNode,
  objects: readonly ResponseObject[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  if (objects.length === 0) return []
  if (node.requires) return fetchEntities(node, objects, execution)
  const { data, strayErrors } = await callSubgraph(node, usedVariables(node, execution), execution)
  for (const object of objects) mergeFetched(object, data, { node, supergraph: execution.supergraph })
  return strayErrors
}

async function fetchEntities(
  node: FetchNode,
  objects: readonly ResponseObject[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  const { supergraph } = execution
  const { values, entities, blocked } = representEntities(objects, node, supergraph)
  for (const { entity, cause } of blocked) {
    const failed = new FailedField(cause.failures.map(({ error }) => ({ error, below: [] })))
    failFields(entity, failed, { node, supergraph })
  }
  if (values.length === 0) return []
  const variables = { ...usedVariables(node, execution), representations: values }
  const { data, strayErrors } = await callSubgraph(node, variables, execution)
  const answers = entityAnswers(node, data, values.length)
  for (const [index, places] of entities.entries()) {
    for (const object of places) mergeFetched(object, copyOf(answers[index]), { node, supergraph })
  }
  return strayErrors
}

/** One answer for each representation, whatever came. */
function entityAnswers(node: FetchNode, data: ResponseObject | FailedField, count: number): ResponseValue[] {
  if (data instanceof FailedField) return new Array(count).fill(withoutPaths(data))
  const answers = data._entities
  if (answers instanceof FailedField) return new Array(count).fill(withoutPaths(answers))
  if (Array.isArray(answers) && answers.length === count) return answers
  return new Array(count).fill(failedWith(noData(node)))
}

/** All entities failed together: a path that begins with `_entities` says nothing of any of them. */
function withoutPaths(failed: FailedField): FailedField {
  return new FailedField(failed.failures.map(({ error }) => ({ error, below: [] })))
}

async function callSubgraph(
  node: FetchNode,
  variables: Readonly<Record<string, unknown>>,
  { subgraphs, caller, signal, supergraph }: PlanExecution,
): Promise<FetchedData> {
  signal.throwIfAborted()
  try {
    const subgraph = subgraphs.get(node.serviceName)
    if (!subgraph) throw unavailable(node)
    const { operation: document, operationName } = node
    const response = await subgraph.fetch({ document, operationName, variables, caller }, signal)
    return readResponse(node, response, supergraph)
  } catch (error) {
    signal.throwIfAborted()
    const known = error instanceof TrellisError ? error : unavailable(node, error)
    return { data: failedWith(known), strayErrors: [] }
  }
}

function unavailable(node: FetchNode, cause?: unknown): TrellisError {
  return new TrellisError('SUBGRAPH_UNAVAILABLE', `The module "${node.serviceName}" cannot be reached.`, {
    originalError: cause instanceof Error ? cause : null,
  })
}

/** Only the variables the fetch names, and none that the caller left out: absent and null are not the same. */
export function usedVariables(
  node: FetchNode,
  { variables }: Pick<PlanExecution, 'variables'>,
): Record<string, unknown> {
  const names = (node.variableUsages ?? []).filter((name) => Object.hasOwn(variables, name))
  return Object.fromEntries(names.map((name) => [name, variables[name]]))
}

type Origin = { node: FetchNode; supergraph: GraphQLSchema }

/** Merges what a fetch brought for one object; null is an entity the subgraph does not know. */
export function mergeFetched(object: ResponseObject, fetched: ResponseValue, origin: Origin): void {
  if (isResponseObject(fetched)) mergeInto(object, fetched, origin.supergraph)
  if (fetched instanceof FailedField) failFields(object, fetched, origin)
}

/** The whole object failed in this fetch: every field it was to bring failed, each with the failures that are its own. */
function failFields(object: ResponseObject, { failures }: FailedField, { node, supergraph }: Origin): void {
  const typename = typeof object.__typename === 'string' ? object.__typename : undefined
  const keys = fetchedFields(node, typename, supergraph)
  const shared = failures.filter(({ below }) => !keys.some((key) => key === below[0]))
  for (const key of keys) {
    const own = failures.filter(({ below }) => below[0] === key)
    const failed = [...own.map(({ error, below }) => ({ error, below: below.slice(1) })), ...shared]
    if (failed.length === 0) continue
    const field = new FailedField(
      failed.map((failure) => (shared.includes(failure) ? { ...failure, below: [] } : failure)),
    )
    if (key === '__typename') object[absenceReason] = field
    else object[key] = mergeValue(object[key], field, supergraph)
  }
}
