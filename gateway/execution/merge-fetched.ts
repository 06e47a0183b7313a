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
  if (fetched instanceof FailedField) failFields(object, fetched, origin)
}

/**
 * The whole object failed in this fetch: a failure of one of its fields that came up is that field's own, and the
 * reason why the others are missing. All others are the failures of every field.
 */
function failFields(object: ResponseObject, { failures }: FailedField, { node, supergraph }: Origin): void {
  const typename = typeof object.__typename === 'string' ? object.__typename : undefined
  const whole = new FailedField(failures.map(({ error }) => ({ error, below: [] })))
  for (const key of fetchedFields(node, typename, supergraph)) {
    const own = failures.filter(({ below }) => below[0] === key)
    const field =
      own.length > 0
        ? new FailedField(own.map(({ error, below }) => ({ error, below: below.slice(1) })))
        : whole
    if (key === '__typename') object[absenceReason] = field
    else object[key] = mergeValue(object[key], field, supergraph)
  }
}
