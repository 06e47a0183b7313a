import type { KeepLimits } from './kept-isolates.ts'

export type IsolateProcessSettings = KeepLimits & {
  /** Resident memory at which the process ends itself, megabytes: some built-ins allocate past an isolate's limit. */
  residentMb: number
}
