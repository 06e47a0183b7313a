import type { GraphQLError } from 'graphql'

/**
 * The answer as it grows: what the subgraphs said, under the response keys of the operation, before it is shaped.
 * Objects have no prototype: a response key may be `__proto__` or `constructor`.
 */
export type ResponseObject = {
  [responseKey: string]: ResponseValue | undefined
  /** Why fields that ought to be here are not, where a part of the object was fetched and another part failed. */
  [absenceReason]?: FailedField
}

export type ResponseValue = null | boolean | number | string | ResponseObject | ResponseValue[] | FailedField

export const absenceReason: unique symbol = Symbol('absenceReason')

/** What went wrong for one field. `below` leads from that field to a deeper one whose null came up to it. */
export type Failure = { error: GraphQLError; below: readonly (string | number)[] }

/**
 * Stands in the answer where a value should be. Errors live at their place in the data, so that aliases, list
 * indexes, several places of one entity and null propagation need no bookkeeping: the field that a client selected
 * throws it when the answer is shaped.
 */
export class FailedField extends Error {
  override name = 'FailedField'
  readonly failures: readonly Failure[]

  constructor(failures: readonly Failure[]) {
    super('This field could not be resolved.')
    this.failures = failures
  }
}

export function failedWith(error: GraphQLError): FailedField {
  return new FailedField([{ error, below: [] }])
}

export function emptyObject(): ResponseObject {
  return Object.create(null)
}

export function isResponseObject(value: unknown): value is ResponseObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof FailedField)
  )
}

/** A copy of parsed JSON, or of a part of the answer, that nobody else holds. */
export function copyOf(value: unknown): ResponseValue {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isResponseObject(value)) return value as Exclude<ResponseValue, ResponseObject | ResponseValue[]>
  const copy = emptyObject()
  for (const key of Object.keys(value)) copy[key] = copyOf(value[key])
  if (value[absenceReason]) copy[absenceReason] = value[absenceReason]
  return copy
}
