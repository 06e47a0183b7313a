import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { BusSubscription } from './bus.ts'
import type { ConsumerStore } from './bus-store.ts'
import { type ConsumerOptions, consumeGroup, type GroupConsumer } from './group-consumer.ts'
import { runReplays } from './replay/replay-runner.ts'
import type { ReplayStore } from './replay/replay-store.ts'
import type { Wakeups } from './wakeups.ts'

export type GroupGround = {
  consumers: ConsumerStore
  replays: ReplayStore
  wakeups: Wakeups
  retryDelaysMs: readonly number[]
  log: Log
}

/** Before each further attempt at an event, in ms; after the last one it is a dead letter, and its subject goes on. */
export const defaultRetryDelaysMs = [100, 500, 2_000, 10_000, 30_000]

const defaultConcurrency = 16

/** An instance of a group, on any broker that has the stores: its live events, and its replays. */
export function subscribeGroup(ground: GroupGround, subscription: BusSubscription): Close {
  const { group, handle, replay, concurrency = defaultConcurrency } = subscription
  const consume = (of: Consumption) => startConsumer(ground, { ...of, concurrency })
  const live = consume({ group, handle, covers: () => true, giveUp: () => true })
  const endReplays =
    replay &&
    runReplays({
      group,
      handler: replay,
      replays: ground.replays,
      consume,
      coordinates: live.ownsFirstPartition,
      log: ground.log,
    })
  return async () => {
    await Promise.all([live.close(), endReplays?.()])
  }
}

type Consumption = Pick<ConsumerOptions, 'group' | 'handle' | 'covers' | 'giveUp'>

function startConsumer(
  { consumers: store, wakeups, retryDelaysMs, log }: GroupGround,
  consumption: Consumption & { concurrency: number },
): GroupConsumer {
  const published = wakeups.join()
  const consumer = consumeGroup({ ...consumption, store, published, retryDelaysMs, log })
  return {
    ...consumer,
    async close() {
      await consumer.close()
      wakeups.leave(published)
    },
  }
}
