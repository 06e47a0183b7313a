import type { Caller } from '../../transports/subgraph-fetch.ts'
import type { RecordedCalls } from './record-calls.ts'

/**
 * An object of a subgraph's answer. Objects at one place whose JSON is the same are one object: what follows from them
 * is the same, and so is found, asked and written once.
 */
export type Fetched = {
  /** By the slots of its shape. */
  values: FetchedValue[]
  /** What later fetches brought for it, by the number of the link. */
  links: (Entity | undefined)[]
  /** Parts of the answer that were written from it, by the number of their writer. */
  texts: (string | undefined)[]
  /** The last search that came by, see `objectsAt`. */
  mark: number
}

/** A leaf is its JSON text; undefined is missing. */
export type FetchedValue = string | null | undefined | Fetched | FetchedValue[]

/** What one fetch brings for one representation, for all objects that have it. Null: nothing is known, or not yet. */
export type Entity = { data: Fetched | null }

/** One run of a compiled operation. */
export type Run = {
  /** Coerced. */
  variables: Readonly<Record<string, unknown>>
  caller: Caller
  signal: AbortSignal
  calls: RecordedCalls
  /** Root fetches are about this object, as entity fetches are about entities. */
  root: Fetched
  /** By the index of a place, once they are known. */
  objects: (readonly Fetched[] | undefined)[]
  /** Counts searches. */
  marks: number
  /** Nothing but ASCII has come. */
  isAscii: boolean
  /** No call is begun any more. */
  isOver: boolean
}

export function startRun(parts: Pick<Run, 'variables' | 'caller' | 'signal' | 'calls'>): Run {
  return { ...parts, root: newFetched(0), objects: [], marks: 0, isAscii: true, isOver: false }
}

export function newFetched(size: number): Fetched {
  const values: FetchedValue[] = []
  for (let slot = 0; slot < size; slot++) values.push(undefined)
  return { values, links: [], texts: [], mark: 0 }
}

export function isFetched(value: FetchedValue): value is Fetched {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
