import type { Viewer } from '../../foundation/viewer.ts'

/** What an operation knows of where it came from; the context value of every Apollo Server here. */
export type OperationContext = {
  viewer: Viewer
  /** How many lambdas stand between the caller and this operation. */
  depth: number
  traceparent: string | undefined
  /** Aborts when the caller is gone and nobody reads the answer any more. */
  disconnected: AbortSignal
}
