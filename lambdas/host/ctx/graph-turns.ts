import { TrellisError } from '../../../foundation/errors.ts'
import { createTurns, type Turns } from '../../../foundation/turns.ts'
import type { Caller } from './caller.ts'

/**
 * Asks the graph for a lambda when it is this client's turn. A lambda that asks dozens of questions at once, each of which
 * reaches a lambda that does the same, makes of one call a hundred thousand. So a client has no more than `most` under way
 * at each depth: the deeper ones have turns of their own, for those above wait for them.
 *
 * @param ended of the call: what still waits then is not asked
 * @throws what `ask` throws; {TrellisError} LAMBDA_TIMEOUT where the call has ended
 */
export type GraphTurns = <Answer>(
  caller: Pick<Caller, 'client' | 'depth'>,
  ended: AbortSignal,
  ask: () => Promise<Answer>,
) => Promise<Answer>

type Lane = { turns: Turns; askers: number }

const atOnce = 50

/** @param most of one client, at one depth. @default 50 */
export function createGraphTurns(most = atOnce): GraphTurns {
  const lanes = new Map<string, Lane>()
  return async ({ client, depth }, ended, ask) => {
    const name = `${depth}/${client}`
    const lane = lanes.get(name) ?? { turns: createTurns(most), askers: 0 }
    lanes.set(name, lane)
    lane.askers += 1
    const giveBack = await lane.turns.take(ended)
    try {
      if (giveBack) return await ask()
      throw new TrellisError('LAMBDA_TIMEOUT', 'The call that asked has ended.')
    } finally {
      giveBack?.()
      lane.askers -= 1
      if (lane.askers === 0) lanes.delete(name)
    }
  }
}
