export type KeepLimits = {
  /** Heap of all isolates of this process together, megabytes. */
  memoryMb: number
  /** Isolates of one client: the release that is active, and those it takes over from. */
  perClient: number
  /** How long one is kept that nobody calls, milliseconds. */
  idleMs: number
}

export type IsolateProcessSettings = KeepLimits & {
  /** Resident memory at which the process ends itself, megabytes: some built-ins allocate past an isolate's limit. */
  residentMb: number
  /** One turn at a time of all clients together, so that the turn record names one when the process ends. */
  oneAtATime: boolean
}
