import type { Viewer } from '../foundation/viewer.ts'
import type { Identity } from './access/authenticate.ts'
import type { Graph } from './supergraph/graph.ts'
import type { OperationContext } from './supergraph/operation-context.ts'

export type GraphLease = Disposable & { graph: Graph }

/** @throws {TrellisError} NOT_AVAILABLE, NO_SCHEMA */
export type AcquireGraph = (viewer: Viewer | null) => Promise<GraphLease>

export type OperationRequest = {
  /** @throws {TrellisError} UNAUTHENTICATED, CLIENT_MISMATCH, LAMBDA_TOO_DEEP */
  identify(): Promise<Identity>
  traceparent: string | undefined
  disconnected: AbortSignal
}

/**
 * The corridor: the whole life of an operation, whichever door it came in by. `run` parses, validates, plans, executes
 * and shapes on the graph it is given, which stays whole until it has ended.
 */
export async function handleOperation<Answer>(
  acquire: AcquireGraph,
  { identify, traceparent, disconnected }: OperationRequest,
  run: (graph: Graph, context: OperationContext) => Promise<Answer>,
): Promise<Answer> {
  const { viewer, forwarded, depth } = await identify()
  using lease = await acquire(viewer)
  return await run(lease.graph, { viewer, forwarded, depth, traceparent, disconnected })
}

/** Only what is a W3C trace context is passed on to the subgraphs. */
export function readTraceparent(header: string | undefined): string | undefined {
  return header !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(header)
    ? header
    : undefined
}
