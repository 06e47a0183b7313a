import type { ErrorCode } from '../../foundation/errors.ts'

/** What goes over the pipe between the lambda host and the process its isolates live in. Only JSON crosses. */
export type ToIsolates =
  | { kind: 'load'; isolate: string; source: string; limits: IsolateLimits }
  /** `lambda` null asks what the plugin declares. */
  | { kind: 'call'; call: number; isolate: string; lambda: string | null; argument: string }
  | { kind: 'answer'; call: number; hostCall: number; ok: boolean; value: string }
  | { kind: 'drop'; isolate: string }
  /** Asks for a sign of life: `pong`. */
  | { kind: 'ping' }

export type FromIsolates =
  | { kind: 'pong' }
  /** What the lambda returned, or what the plugin declares: JSON text. */
  | { kind: 'returned'; call: number; value: string; logs: string[] }
  | { kind: 'failed'; call: number; code: ErrorCode; message: string; logs: string[] }
  /** The isolate asks the host to query the graph for the call in progress. */
  | { kind: 'ask'; call: number; hostCall: number; request: string }

export type IsolateLimits = {
  /** Heap of the isolate, megabytes. */
  memoryMb: number
  /** CPU time of one call, milliseconds. */
  cpuMs: number
  /** What a call may use besides when it is the first of its isolate and evaluates the plugin, milliseconds. */
  loadCpuMs: number
  /** Time from start to answer of one call, milliseconds, waiting for the graph included. */
  wallMs: number
  /** Length of a call's argument, and of its result, in characters of JSON. */
  payloadChars: number
  /** Calls to the platform in one call. */
  hostCalls: number
  /** Log text kept of one call, in characters. */
  logChars: number
}

export const defaultLimits: IsolateLimits = {
  memoryMb: 32,
  cpuMs: 50,
  loadCpuMs: 100,
  wallMs: 1000,
  payloadChars: 1_000_000,
  hostCalls: 50,
  logChars: 64_000,
}
