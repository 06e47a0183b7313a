import type { BusOperations, HistoryFilter } from '../../events/bus/bus-operations.ts'
import type { Replay } from '../../events/bus/replay/replay.ts'
import { endable } from '../../events/log/endable.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { BusAccess } from './bus-access.ts'
import type { ControlSubscription } from './control-subscription.ts'
import { readPlace, shownEvent, writePlace } from './event-page.ts'
import { filterOf } from './event-resolvers.ts'
import { onlyOperators } from './only-operators.ts'

const pollMs = 1_000
const progressMs = 250
const page = 100

export function createEventSubscriptions({ bus }: BusAccess) {
  return {
    Subscription: {
      eventAdded: {
        async subscribe(
          _root: unknown,
          input: { client?: string | null; type?: string | null; after?: string | null },
          context: ControlSubscription,
        ) {
          onlyOperators(context)
          const { operations } = await bus()
          const after = context.resumeAfter ?? input.after ?? null
          const start = after === null ? await operations.latest() : readPlace(after)
          return endable([context.disconnected], (signal) =>
            followEvents(operations, { filter: filterOf(input), start }, signal),
          )
        },
      },
      replayProgress: {
        async subscribe(_root: unknown, { id }: { id: string }, context: ControlSubscription) {
          onlyOperators(context)
          const { operations } = await bus()
          const replay = await operations.replay(id)
          if (!replay) throw new TrellisError('NOT_FOUND', 'There is no such replay.')
          return endable([context.disconnected], (signal) => followReplay(operations, replay, signal))
        },
      },
    },
  }
}

/** History, then live, as it is pulled: a slow reader costs its place and no more, and nothing is left out. */
async function* followEvents(
  operations: BusOperations,
  { filter, start }: { filter: HistoryFilter; start: string },
  signal: AbortSignal,
) {
  let place = start
  while (!signal.aborted) {
    const latest = await operations.latest()
    const found = await operations.history(filter, { after: place, limit: page, newestFirst: false })
    for (const { position, event } of found) {
      place = position
      yield { eventAdded: { cursor: writePlace(position), lagged: 0, event: shownEvent(event) } }
      if (signal.aborted) return
    }
    if (found.length === page) continue
    // What was there before the page was read, and is not on it, does not pass the filter.
    if (place < latest) place = latest
    await operations.published(pollMs, signal)
  }
}

/** Each change; ends with the replay. */
async function* followReplay(operations: BusOperations, first: Replay, signal: AbortSignal) {
  let shown = ''
  for (let replay: Replay | null = first; replay && !signal.aborted; ) {
    const state = `${replay.status} ${replay.delivered}`
    if (state !== shown) yield { replayProgress: replay }
    shown = state
    if (replay.status === 'DONE' || replay.status === 'FAILED') return
    await operations.published(progressMs, signal)
    replay = await operations.replay(replay.id)
  }
}
