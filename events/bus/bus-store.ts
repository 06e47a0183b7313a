import type { PlatformEvent } from '../catalogue/platform-event.ts'

/**
 * What the consumers of a group keep in the broker, where the broker does not share the work itself. Subjects are spread
 * over partitions; a partition has one owner at a time. Each owner has a token, and whatever it writes is refused once
 * another has taken over: a process that was paused wakes up without harm.
 */
export type ConsumerStore = {
  /**
   * Says that this member lives, for `leaseMs` from now; gives it free partitions up to its share.
   * @returns all partitions it owns, and how many it should own: what is too much is for it to release
   */
  heartbeat(member: Member): Promise<{ leases: Lease[]; share: number }>
  release(member: Member, leases: readonly Lease[]): Promise<void>
  /** It ends: all it owns is free at once. */
  leave(member: Member): Promise<void>
  /** What the owner before has left. */
  takeOver(member: Member, leases: readonly Lease[]): Promise<Handover[]>
  /** The next events of partitions that this member owns, in order; of a partition it has lost: none. */
  read(member: Member, wants: readonly Want[]): Promise<StoredEvent[]>
  /** One event that was read before; null when the bus keeps it no more. */
  load(partition: number, position: Position): Promise<PlatformEvent | null>
  /** Dead letters of these partitions that are to be handled again, in order. */
  redeliveries(group: string, partitions: readonly number[]): Promise<StoredEvent[]>
  /** All of a settlement, or nothing. Repeating one does no harm. @returns the partitions still owned */
  settle(member: Member, settlements: readonly Settlement[]): Promise<ReadonlySet<number>>
}

export const partitionCount = 16
/** A member that has not been heard of for so long is gone. */
export const leaseMs = 5_000

export type Member = { group: string; id: string }

export type Lease = { partition: number; token: string }

/** A place in a partition. Ordered as text. */
export type Position = string

export type StoredEvent = { partition: number; position: Position; event: PlatformEvent }

export type Want = { lease: Lease; after: Position; limit: number }

export type Handover = {
  partition: number
  /** Up to here all was read. */
  cursor: Position
  /** Of a replay: the last place it reaches to. */
  upTo: Position | null
  handled: number
  /** What was read and is not done, oldest first. */
  unsettled: Unsettled[]
}

export type Unsettled = {
  position: Position
  subject: string
  attempts: number /** ms since 1970 */
  dueAt: number
}

export type Settlement = {
  lease: Lease
  /** All up to here is done or held; null: unchanged. */
  offset: Position | null
  /** How many the group has handled in this partition, ever. */
  handled: number
  /** Handled, or given up. */
  done: readonly Position[]
  /** Not done, though the offset may have passed it. */
  held: readonly HeldEvent[]
  /** Those of `done` that were held before. */
  unheld: readonly Position[]
  dead: readonly Burial[]
  /** Dead letters that were handled: the ids of their events. */
  redelivered: readonly string[]
}

export type HeldEvent = { position: Position; subject: string; attempts: number; dueAt: number }

export type Burial = { position: Position; event: PlatformEvent; error: string; attempts: number }
