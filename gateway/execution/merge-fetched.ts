import type { GraphQLSchema } from 'graphql'
import type { FetchNode } from '../planning/query-plan.ts'
import { fetchedFields } from './fetched-fields.ts'
import { mergeInto, mergeValue } from './merge.ts'
import {
  absenceReason,
  FailedField,
  isResponseObject,
  type ResponseObject,
  type ResponseValue,
} from './response-data.ts'

type Origin = { node: FetchNode; supergraph: GraphQLSchema }

/** Merges what a fetch brought for one object; null is an entity the subgraph does not know. */
export function mergeFetched(object: ResponseObject, fetched: ResponseValue, origin: Origin): void {
  if (isResponseObject(fetched)) mergeInto(object, fetched, origin.supergraph)
  if (!(fetched instanceof FailedField)) return
  failFields(object, fetched, { keys: keysOf(object, origin), supergraph: origin.supergraph })
}

/** The object cannot be asked about because of `cause`: so fail all of the fetch's fields that are not asked for apart. */
export function mergeBlocked(object: ResponseObject, cause: FailedField, { node, supergraph }: Origin): void {
  const { independent } = node
  const apart = independent ? keysOf(object, { node: independent, supergraph }) : []
  const keys = keysOf(object, { node, supergraph }).filter((key) => !apart.includes(key))
  failFields(object, cause, { keys, supergraph })
}

function keysOf({ __typename }: ResponseObject, { node, supergraph }: Origin): string[] {
  return fetchedFields(node, typeof __typename === 'string' ? __typename : undefined, supergraph)
}

/**
 * The whole object failed in this fetch: a failure of one of its fields that came up is that field's own, and the
 * reason why the others are missing. All others are the failures of every field.
 */
function failFields(
  object: ResponseObject,
  { failures }: FailedField,
  { keys, supergraph }: { keys: readonly string[]; supergraph: GraphQLSchema },
): void {
  const whole = new FailedField(failures.map(({ error }) => ({ error, below: [] })))
  for (const key of keys) {
    const own = failures.filter(({ below }) => below[0] === key)
    const field =
      own.length > 0
        ? new FailedField(own.map(({ error, below }) => ({ error, below: below.slice(1) })))
        : whole
    if (key === '__typename') object[absenceReason] = field
    else object[key] = mergeValue(object[key], field, supergraph)
  }
}
