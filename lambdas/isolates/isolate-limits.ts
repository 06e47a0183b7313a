/** What one client's plugin may use. The host sends it with the plugin; operators change it. */
export type IsolateLimits = {
  /** Heap of an isolate, megabytes. */
  memoryMb: number
  /** CPU time of one lambda, milliseconds. */
  cpuMs: number
  /** What a call may use besides when it is the first of its isolate and evaluates the plugin, milliseconds. */
  loadCpuMs: number
  /** CPU time that all lambdas of the client share in a second, milliseconds; who comes later waits. */
  cpuMsPerSecond: number
  /** Calls that wait for their turn at the same time. */
  queuedCalls: number
  /** Time from start to answer of a resolver or rule, milliseconds, waiting for the graph included. */
  wallMs: number
  /** The same for an event handler. */
  handlerWallMs: number
  /** Length of a call's argument, of its result, and of a question to the platform, in characters of JSON. */
  payloadChars: number
  /** Calls to the platform by one lambda. */
  hostCalls: number
  /** Log text kept of one call, in characters. */
  logChars: number
}

export const defaultLimits: IsolateLimits = {
  memoryMb: 32,
  cpuMs: 50,
  loadCpuMs: 100,
  cpuMsPerSecond: 500,
  queuedCalls: 200,
  wallMs: 1000,
  handlerWallMs: 30_000,
  payloadChars: 1_000_000,
  hostCalls: 50,
  logChars: 64_000,
}
