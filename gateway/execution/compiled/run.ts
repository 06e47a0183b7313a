import type { Caller } from '../../transports/subgraph-fetch.ts'
import type { RecordedCalls } from './record-calls.ts'

/** An object of a subgraph's answer, as JSON has it. Under symbols, what later fetches brought for it. */
export type Fetched = { [key: string | symbol]: unknown }

/**
 * What one fetch brings for one representation. All objects of the answer with this representation share it, so that
 * what follows from it is found, asked and written once.
 */
export type Entity = {
  /** Null: the subgraph does not know the entity, or has not answered yet. */
  data: Fetched | null
  /** The last search that came by, see `objectsAt`. */
  mark: number
  /** Parts of the answer that were written from `data`, by the number of their writer. */
  texts: (string | undefined)[]
}

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
  /** No text that came needs escaping. */
  isPlain: boolean
  /** No call is begun any more. */
  isOver: boolean
}

export function startRun(parts: Pick<Run, 'variables' | 'caller' | 'signal' | 'calls'>): Run {
  return { ...parts, root: {}, objects: [], marks: 0, isPlain: true, isOver: false }
}

export function newEntity(data: Fetched | null): Entity {
  return { data, mark: 0, texts: [] }
}

export function isFetched(value: unknown): value is Fetched {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the fetch behind `link` brought for `object`, if it was asked and knew it. */
export function linkedData(object: Fetched, link: symbol): Fetched | null {
  return linkedEntity(object, link)?.data ?? null
}

/** Only `linkEntity` writes under symbols: JSON has none. */
export function linkedEntity(object: Fetched, link: symbol): Entity | undefined {
  return object[link] as Entity | undefined
}

export function linkEntity(object: Fetched, link: symbol, entity: Entity): void {
  object[link] = entity
}
