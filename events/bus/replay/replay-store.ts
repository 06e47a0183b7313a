import { TrellisError } from '../../../foundation/errors.ts'
import type { Replay } from './replay.ts'

/** What is kept of replays in the broker, so that they survive whoever works on them. */
export type ReplayStore = {
  /** Those of a group that have not ended. */
  open(group: string): Promise<Replay[]>
  /** There is room: makes its consumer group, from the first event it can cover to the newest of now. May be repeated. */
  begin(replay: Replay): Promise<void>
  /** Whether all of it is delivered and handled. */
  isComplete(replay: Replay): Promise<boolean>
  /** Takes its consumer group away. @param error null: it is done */
  end(replay: Replay, error: string | null): Promise<void>
}

/** An event is published after it has happened, by clocks that differ by no more than this. */
export const clockSkewMs = 60_000

export function replayUnderWay(id: string): TrellisError {
  return new TrellisError('CONFLICT', 'A replay of this client to this group is under way.', {
    extensions: { replay: id },
  })
}
