import type { PlatformEvent } from './platform-event.ts'

export type LogStream = {
  /** Names the subscription the cursor belongs to: `recordChanged:orders`. A cursor of another stream is refused. */
  name: string
  client: string
  /** Which event types. */
  types: readonly string[]
}

export type LogEntry = { cursor: string; event: PlatformEvent }
