import { TrellisError } from '../../../foundation/errors.ts'
import type { ReplayRequest } from './replay.ts'

export type ReplayGround = {
  /** Of the group; null when there is none of that name. */
  replayable: boolean | null
  /** The time of the newest event that retention has taken away. */
  horizon: Date | null
}

/**
 * @returns the request, ending now at the latest: what happens later is live
 * @throws {TrellisError} BAD_USER_INPUT, NOT_FOUND, REPLAY_EXPIRED
 */
export function checkReplay(request: ReplayRequest, { replayable, horizon }: ReplayGround): ReplayRequest {
  const { group } = request
  if (replayable === null) throw new TrellisError('NOT_FOUND', `There is no consumer group "${group}".`)
  if (!replayable) {
    throw new TrellisError(
      'BAD_USER_INPUT',
      `The consumer group "${group}" has no projection to rebuild: nothing can be replayed to it.`,
    )
  }
  const from = new Date(request.from)
  const to = new Date(Math.min(Date.parse(request.to), Date.now()))
  if (!(from.getTime() < to.getTime())) {
    throw new TrellisError('BAD_USER_INPUT', '`from` is before `to`, and before now.')
  }
  if (horizon && from.getTime() <= horizon.getTime()) {
    throw new TrellisError(
      'REPLAY_EXPIRED',
      `The bus keeps all events from after ${horizon.toISOString()} on; earlier ones are gone.`,
    )
  }
  return { ...request, from: from.toISOString(), to: to.toISOString() }
}
