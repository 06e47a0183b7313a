import type { ErrorCode } from '../../foundation/errors.ts'
import type { IsolateLimits } from './isolate-limits.ts'

/**
 * What goes over the pipe between the lambda host and a process of isolates, as frames (frames.ts). `text` is what
 * may be long; it is never parsed on the way.
 */
export type ToIsolates =
  /** `text` is the bundle. Takes the place of an isolate of this name, whose calls go on to their end. */
  | { kind: 'load'; isolate: string; client: string; limits: IsolateLimits; text: string }
  /** `text` is a crossing (crossing.ts); empty asks what the plugin declares. */
  | { kind: 'call'; call: number; isolate: string; lambdas: number; wallMs: number; text: string }
  | { kind: 'answer'; call: number; hostCall: number; ok: boolean; text: string }
  | { kind: 'drop'; isolate: string; text: '' }
  /** Asks for a sign of life: `pong`. */
  | { kind: 'ping'; text: '' }

export type FromIsolates =
  /** A sign of life: resident memory of the process, megabytes, and how many isolates are warm in it. */
  | { kind: 'pong'; residentMb: number; isolates: number; text: '' }
  /** What the lambdas returned, or what the plugin declares: JSON text. */
  | { kind: 'returned'; call: number; facts: CallFacts; text: string }
  /** `text` is the message; `trace` where it was thrown, of an author's own error. */
  | { kind: 'failed'; call: number; code: ErrorCode; trace: string | null; facts: CallFacts; text: string }
  /** The isolate was let go meanwhile: nothing has run. It is to be loaded again. */
  | { kind: 'unloaded'; call: number; text: '' }
  /** The isolate asks the host something for the call in progress. */
  | { kind: 'ask'; call: number; hostCall: number; text: string }
  /** A client's code holds a thread that cannot be taken from it: this process is to be replaced. */
  | { kind: 'stuck'; client: string; text: '' }

/** What became known of a call beside its answer. */
export type CallFacts = {
  logs: string[]
  /** What it used until its answer, milliseconds of CPU time; for the first call of an isolate, loading included. */
  cpuMs: number
  /** Heap of the isolate, megabytes; null where it is gone. */
  memoryMb: number | null
}
