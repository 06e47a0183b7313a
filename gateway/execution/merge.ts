import { type GraphQLSchema, isObjectType } from 'graphql'
import {
  absenceReason,
  FailedField,
  isResponseObject,
  type ResponseObject,
  type ResponseValue,
} from './response-data.ts'

/** Adds to `target` what one more fetch has learnt about the same object. */
export function mergeInto(target: ResponseObject, incoming: ResponseObject, supergraph: GraphQLSchema): void {
  for (const key of Object.keys(incoming)) {
    target[key] =
      key === '__typename'
        ? mergeTypename(target[key], incoming[key], supergraph)
        : mergeValue(target[key], incoming[key], supergraph)
  }
  if (incoming[absenceReason])
    target[absenceReason] = joinFailures(target[absenceReason], incoming[absenceReason])
}

/** Data wins over null and over failure, whichever comes first: fetches in parallel end in any order. */
export function mergeValue(
  existing: ResponseValue | undefined,
  incoming: ResponseValue | undefined,
  supergraph: GraphQLSchema,
): ResponseValue | undefined {
  if (existing === undefined) return incoming
  if (incoming === undefined) return existing
  if (incoming === null) return existing
  if (existing === null) return incoming
  if (incoming instanceof FailedField) return explainAbsence(existing, incoming)
  if (existing instanceof FailedField) return explainAbsence(incoming, existing)
  if (isResponseObject(existing) && isResponseObject(incoming)) {
    mergeInto(existing, incoming, supergraph)
    return existing
  }
  if (Array.isArray(existing) && Array.isArray(incoming) && existing.length === incoming.length) {
    return existing.map((element, index) => mergeValue(element, incoming[index], supergraph) ?? null)
  }
  return incoming
}

/** One subgraph delivered `value`, another that was to deliver more of it failed: what is missing in it says why. */
function explainAbsence(value: ResponseValue, failed: FailedField): ResponseValue {
  if (value instanceof FailedField) return joinFailures(value, failed)
  if (Array.isArray(value)) return value.map((element) => element && explainAbsence(element, failed))
  if (!isResponseObject(value)) return value
  for (const key of Object.keys(value)) {
    const child = value[key]
    if (child && !(child instanceof FailedField)) value[key] = explainAbsence(child, failed)
  }
  value[absenceReason] = joinFailures(value[absenceReason], failed)
  return value
}

function joinFailures(first: FailedField | undefined, second: FailedField): FailedField {
  if (!first || first === second) return second
  return new FailedField([...new Set([...first.failures, ...second.failures])])
}

/** A subgraph with an interface object names the interface; whoever knows the object type knows better. */
function mergeTypename(
  existing: ResponseValue | undefined,
  incoming: ResponseValue | undefined,
  supergraph: GraphQLSchema,
): ResponseValue | undefined {
  if (typeof incoming !== 'string') return existing
  const isConcrete = isObjectType(supergraph.getType(incoming))
  return existing === undefined || existing === null || isConcrete ? incoming : existing
}
