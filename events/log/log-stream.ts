import type { PlatformEvent } from '../catalogue/platform-event.ts'

export type LogStream = {
  /** Names the subscription the cursor belongs to: `recordChanged:orders`. A cursor of another stream is refused. */
  name: string
  client: string
  /** Which event types. */
  types: readonly string[]
  /**
   * Whether this subscriber is given this event: its filter, and whether the viewer may see it at this moment. Failures
   * are tried again until it answers. @default all are given
   */
  passes?(event: PlatformEvent): boolean | Promise<boolean>
}

export type LogEntry = {
  cursor: string
  event: PlatformEvent
  /** How many events that pass were left out just before this one, because the subscriber had fallen too far behind. */
  lagged: number
}
