import type { Composition, SubgraphSource } from '../composition/compose-for-client.ts'
import type { DocumentReading } from './read-documents.ts'
import type { PlanAnswer, SupergraphOrigin } from './text-planner.ts'

/** What is asked of a thread, one thing at a time. */
export type PlannerTask = PlanTask | ComposeTask | ReadTask

export type PlanTask = {
  kind: 'plan'
  /** Names the supergraph. */
  hash: string
  /** Only where the thread has no planner for it yet. */
  supergraphSdl: string | null
  origin: SupergraphOrigin
  /** Supergraphs whose planners are given up. */
  dropped: string[]
  /** Null: the planner is built, and nothing planned. */
  operation: { query: string; operationName: string | undefined } | null
}

export type ComposeTask = {
  kind: 'compose'
  sources: readonly SubgraphSource[]
  /** As in `ComposeOptions`. */
  tags: readonly string[] | null
}

/** Documents that somebody's code asks. */
export type ReadTask = { kind: 'read'; supergraphSdl: string; texts: readonly string[] }

/** Sent before planning begins: the time of an operation counts from here, not from when the thread was started. */
export type PlannerBegun = { kind: 'begun' }

export type PlannerReply =
  | { kind: 'built'; apiSdl: string }
  | { kind: 'planned'; answer: PlanAnswer }
  | { kind: 'composed'; composition: Composition }
  | { kind: 'read'; readings: DocumentReading[] }
  /** The supergraph is none, or composition has a fault. */
  | { kind: 'failed'; reason: string }
