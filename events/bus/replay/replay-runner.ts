import type { Close } from '../../../foundation/closing.ts'
import type { Log } from '../../../foundation/log.ts'
import { createWakeup } from '../../wakeup.ts'
import type { ReplayHandler } from '../bus.ts'
import type { ConsumerOptions, GroupConsumer } from '../group-consumer.ts'
import { type Replay, replayCovers, replayGroup } from './replay.ts'
import type { ReplayStore } from './replay-store.ts'

export type ReplayRunnerOptions = {
  group: string
  handler: ReplayHandler
  replays: ReplayStore
  consume(of: Pick<ConsumerOptions, 'group' | 'handle' | 'covers' | 'giveUp'>): GroupConsumer
  /** Of the group's instances, one coordinates. */
  coordinates(): boolean
  log: Log
}

const lookMs = 1_000

/**
 * A replay is a consumer group of its own, that lasts from the group's `begin` to its `end`: shared by the same
 * instances, in order per subject, resumed by others when one dies. Live deliveries go on beside it.
 */
export function runReplays(options: ReplayRunnerOptions): Close {
  const { group, handler, replays, log } = options
  const closing = new AbortController()
  const consumers = new Map<string, GroupConsumer>()
  const failures = new Map<string, unknown>()
  const look = createWakeup()

  async function work(): Promise<void> {
    const open = await replays.open(group)
    for (const [id, consumer] of consumers) {
      if (open.some((replay) => replay.id === id)) continue
      consumers.delete(id)
      await consumer.close()
    }
    for (const replay of open) await advance(replay)
  }

  async function advance(replay: Replay): Promise<void> {
    const { id } = replay
    if (failures.has(id)) return fail(replay)
    if (replay.status === 'RUNNING' && !consumers.has(id)) consumers.set(id, consumeReplay(replay))
    if (!options.coordinates()) return
    if (replay.status === 'PREPARING') {
      await handler.begin(replay)
      await replays.begin(replay)
      look.wake()
    } else if (await replays.isComplete(replay)) {
      await handler.end(replay)
      await replays.end(replay, null)
      log.debug({ group, replay: id }, 'a replay is done')
      look.wake()
    }
  }

  function consumeReplay(replay: Replay): GroupConsumer {
    return options.consume({
      group: replayGroup(replay.id),
      covers: (event) => replayCovers(replay, event),
      handle: (event, signal) => handler.handle(event, replay, signal),
      // With a hole the projection would be wrong: all or nothing.
      giveUp(event, error) {
        log.error({ err: error, group, replay: replay.id, event: event.id }, 'a replay has failed')
        failures.set(replay.id, error)
        look.wake()
        return false
      },
    })
  }

  async function fail(replay: Replay): Promise<void> {
    await consumers.get(replay.id)?.close()
    consumers.delete(replay.id)
    await handler.abandon(replay)
    await replays.end(replay, messageOf(failures.get(replay.id)))
    failures.delete(replay.id)
  }

  const loop = (async () => {
    while (!closing.signal.aborted) {
      await work().catch((error) => log.warn({ err: error, group }, 'replays are held up; trying again'))
      await look.wait(lookMs, closing.signal)
    }
  })()

  return async () => {
    closing.abort()
    await loop
    await Promise.all([...consumers.values()].map((consumer) => consumer.close()))
  }
}

function messageOf(error: unknown): string {
  const text = typeof error === 'object' && error && 'message' in error ? error.message : error
  return String(text).replaceAll('\0', '').slice(0, 1_000)
}
