import type { PlatformEvent } from '../catalogue/platform-event.ts'
import type { Replay, ReplayRequest } from './replay/replay.ts'

/** The bus as operators, health and metrics see it. */
export type BusOperations = {
  groups(): Promise<GroupStatus[]>
  /** In the order in which they first failed. Pages by `after`, the `key` of the last one seen. */
  deadLetters(filter: DeadLetterFilter, page: { after: string | null; limit: number }): Promise<DeadLetter[]>
  /**
   * Has a group handle dead letters again, in order per subject, before newer events of the same subject.
   * @param ids of events; null: all that pass the filter
   * @returns how many will be
   */
  redeliver(filter: DeadLetterFilter, ids: readonly string[] | null): Promise<number>
  /** Resolves once it will be done, whatever dies. @throws {TrellisError} NOT_FOUND, BAD_USER_INPUT, REPLAY_EXPIRED */
  startReplay(request: ReplayRequest): Promise<Replay>
  replay(id: string): Promise<Replay | null>
  /** What the bus has kept. @throws {TrellisError} CURSOR_EXPIRED when it no longer keeps what comes after `after` */
  history(filter: HistoryFilter, page: HistoryPage): Promise<HistoryEntry[]>
  /** How many of what it has kept pass the filter. */
  count(filter: HistoryFilter): Promise<number>
  /** The place after the newest event, for `history`. */
  latest(): Promise<string>
  /** Resolves when something may have been published, after `ms`, or with the signal. */
  published(ms: number, signal: AbortSignal): Promise<void>
}

export type GroupStatus = {
  name: string
  /** Whether events can be replayed to it. */
  replayable: boolean
  /** Instances that work for it now. */
  members: number
  /** Events it has not handled: counted up to 10,000, and as near as the broker can tell. */
  lag: number
  deadLetters: number
}

export type DeadLetterFilter = { group: string; client: string | null }

export type DeadLetter = {
  /** Its place in the list. */
  key: string
  group: string
  event: PlatformEvent
  /** What was thrown at last. */
  error: string
  attempts: number
  /** RFC 3339, UTC. */
  failedAt: string
  /** It waits for its redelivery. */
  redelivering: boolean
}

export type HistoryFilter = { client: string | null; type: string | null; subject: string | null }

/** `after` in the order that is asked for. */
export type HistoryPage = { after: string | null; limit: number; newestFirst: boolean }

export type HistoryEntry = { position: string; event: PlatformEvent }
