import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
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
