import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import type { FetchNode } from '../planning/query-plan.ts'
import type { SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { type Call, callSubgraph, type PlanExecution, usedVariables } from './call-subgraph.ts'
import { mergeBlocked, mergeFetched } from './merge-fetched.ts'
import { noData, readResponse } from './read-response.ts'
import { type Representations, representEntities } from './representations.ts'
import { copyOf, FailedField, failedWith, type ResponseObject, type ResponseValue } from './response-data.ts'

/** Entities that a call asks about, all in the same way. */
export type EntityPart = {
  fetch: FetchNode
  objects: readonly ResponseObject[]
  /** The key of its data in the call's answer, and the variable of its representations. */
  entities: string
  representations: string
}

/** Asks one subgraph about entities, in one call whatever the number of parts. None is made where there are no entities. */
export async function fetchEntities(
  call: Call,
  parts: readonly EntityPart[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  const asked = parts.map((part) => ({ part, found: representPart(part, execution) }))
  const independent = asked.map(({ part, found }) => fetchIndependents(part, found, execution))
  const errors = await askCall(call, asked, execution)
  return [errors, ...(await Promise.all(independent))].flat()
}

type Asked = { part: EntityPart; found: Representations }

async function askCall(
  call: Call,
  asked: readonly Asked[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  if (asked.every(({ found }) => found.values.length === 0)) return []
  const parts = asked.map(({ part }) => part)
  const representations = asked.map(({ part, found }) => [part.representations, found.values])
  const variables = { ...usedVariables(call, execution), ...Object.fromEntries(representations) }
  const response = await callSubgraph(call, variables, execution)
  return asked.flatMap(({ part, found }) => {
    const own = response instanceof FailedField ? response : responseOf(part, response, parts)
    return mergeEntities(part.fetch, { response: own, found }, execution)
  })
}

function representPart({ fetch, objects }: EntityPart, { supergraph }: PlanExecution): Representations {
  const found = representEntities(objects, fetch, supergraph)
  for (const { entity, cause } of found.blocked) {
    mergeBlocked(entity, withoutPaths(cause), { node: fetch, supergraph })
  }
  return found
}

/** Of an entity that cannot be asked about as a whole, what its key is enough for. */
async function fetchIndependents(
  { fetch: { independent } }: EntityPart,
  { blocked }: Representations,
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  if (!independent || blocked.length === 0) return []
  const objects = blocked.map(({ entity }) => entity)
  const whole = { fetch: independent, objects, entities: '_entities', representations: 'representations' }
  return fetchEntities(independent, [whole], execution)
}

/** The part's share of the answer, as if it had been asked alone. An error that is of no part is said by the first. */
function responseOf(
  part: EntityPart,
  { data, errors = [] }: SubgraphResponse,
  parts: readonly EntityPart[],
): SubgraphResponse {
  const owner = ({ path }: GraphQLFormattedError) => parts.find(({ entities }) => entities === path?.[0])
  const own = errors.filter((error) => owner(error) === part).map(withEntitiesPath)
  const nobodys = errors.filter((error) => !owner(error))
  if (!data) {
    // A null that came up from another part took this one along.
    return { data: null, errors: own.length + nobodys.length > 0 ? [...own, ...nobodys] : errors }
  }
  return { data: { _entities: data[part.entities] }, errors: part === parts[0] ? [...own, ...nobodys] : own }
}

function withEntitiesPath(error: GraphQLFormattedError): GraphQLFormattedError {
  return { ...error, path: ['_entities', ...(error.path ?? []).slice(1)] }
}

function mergeEntities(
  node: FetchNode,
  { response, found }: { response: SubgraphResponse | FailedField; found: Representations },
  { supergraph }: PlanExecution,
): GraphQLError[] {
  if (found.values.length === 0) return []
  const { data, strayErrors } = readResponse(node, response, supergraph)
  const answers = entityAnswers(node, data, found.values.length)
  for (const [index, places] of found.entities.entries()) {
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
