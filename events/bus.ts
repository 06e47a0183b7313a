import type { Close } from '../foundation/closing.ts'
import type { PlatformEvent } from './platform-event.ts'

/**
 * The bus carries events from the modules to everyone else. It is a port: postgres-bus and others implement it.
 * At least once to every consumer group, in order per subject.
 */
export type Bus = {
  /** Resolves when all events are durable on the bus. Repeating an event (same id) does no harm. */
  publish(events: readonly PlatformEvent[]): Promise<void>
  /**
   * Joins a consumer group; its instances share the work. `handle` is retried with backoff when it throws, and the
   * event becomes a dead letter after that. A new group begins with the events published after it was made.
   */
  subscribe(subscription: BusSubscription): Promise<Close>
  close: Close
}

export type BusSubscription = {
  group: string
  handle(event: PlatformEvent, signal: AbortSignal): Promise<void>
}
