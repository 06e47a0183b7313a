import type { Close } from '../../foundation/closing.ts'
import type { PlatformEvent } from '../catalogue/platform-event.ts'
import type { BusOperations } from './bus-operations.ts'
import type { Replay } from './replay/replay.ts'

/**
 * The bus carries events from the modules to everyone else. It is a port: postgres-bus and redis-bus implement it.
 * At least once to every consumer group, in order per subject; subjects do not wait for each other.
 */
export type Bus = {
  /** Resolves when all events are durable on the bus. Repeating an event (same id) does no harm. */
  publish(events: readonly PlatformEvent[]): Promise<void>
  /** Joins a consumer group; its instances share the work, and one that dies is replaced within seconds. */
  subscribe(subscription: BusSubscription): Promise<Close>
  /** What operators see and do. */
  operations: BusOperations
  close: Close
}

export type BusSubscription = {
  group: string
  /**
   * Where a group that is new begins: with the events published after it was made, or with the oldest kept.
   * @default 'now'
   */
  from?: 'now' | 'beginning'
  /**
   * Events in hand at once in this instance, each of another subject.
   * @default 16
   */
  concurrency?: number
  /**
   * Called again with backoff when it throws; the event becomes a dead letter after that, and its subject goes on.
   * The same event may come again, also when it was handled: be idempotent by its id.
   *
   * @param signal aborts when this instance has lost the event to another, and when it closes
   * @param position its place in `operations.history`
   */
  handle(event: PlatformEvent, signal: AbortSignal, position: string): Promise<void>
  /** How the group's projection is rebuilt; a group without it cannot be replayed to. */
  replay?: ReplayHandler
}

/**
 * A projection is rebuilt beside the one in use. While a replay runs, `handle` is called with live events as ever: those
 * that the replay covers belong into both. Every function may be called again after a crash.
 */
export type ReplayHandler = {
  /** Makes room beside. What `handle` is given from now on, or was given and has not written yet, the replay has too. */
  begin(replay: Replay): Promise<void>
  /** Old events, in order per subject; each is handled anew, whether it was handled live or not. */
  handle(event: PlatformEvent, replay: Replay, signal: AbortSignal): Promise<void>
  /** All were handled: the rebuilt takes the place of the old, at once. */
  end(replay: Replay): Promise<void>
  /** An event could not be handled: what was rebuilt is thrown away, the old stays. */
  abandon(replay: Replay): Promise<void>
}
