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
  /** For events that say no more than that something has changed. @default each is given */
  newest?: NewestOnly
}

/**
 * Of the events at hand only the newest about each thing is given, in the order of these; the others are no loss, and
 * `lagged` does not count them. Such a stream is never too far behind.
 */
export type NewestOnly = {
  about(event: PlatformEvent): string
  /** How long after some were given no more are, in ms: they gather. */
  restMs: number
}

export type LogEntry = {
  cursor: string
  event: PlatformEvent
  /** How many events that pass were left out just before this one, because the subscriber had fallen too far behind. */
  lagged: number
}
