import { TrellisError } from '../../foundation/errors.ts'
import type { ClientViewer, Viewer } from '../../foundation/viewer.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'

/** What an operation knows of where it came from; the context value of every Apollo Server here. */
export type OperationContext = {
  /** Null: a gateway without viewers, `--supergraph`. */
  viewer: Viewer | null
  /** Headers of the caller's that are passed on to the subgraphs; lower-case names. */
  forwarded?: Readonly<Record<string, string>> | undefined
  /** How many lambdas stand between the caller and this operation. */
  depth: number
  traceparent: string | undefined
  /** Aborts when the caller is gone and nobody reads the answer any more. */
  disconnected: AbortSignal
}

export function callerOf({ viewer, forwarded, depth, traceparent }: OperationContext): Caller {
  return {
    viewer: viewer && clientViewer(viewer),
    depth,
    traceparent,
    ...(forwarded && { headers: forwarded }),
  }
}

function clientViewer(viewer: Viewer): ClientViewer {
  if (viewer.kind === 'OPERATOR') throw new TrellisError('FORBIDDEN', 'Operators see no data of clients.')
  return viewer
}
