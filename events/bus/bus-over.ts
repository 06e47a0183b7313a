import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { PlatformEvent } from '../catalogue/platform-event.ts'
import type { Bus, BusSubscription } from './bus.ts'
import type { BusOperations } from './bus-operations.ts'
import type { ConsumerStore } from './bus-store.ts'
import { repeatEvery } from './repeat-every.ts'
import type { ReplayStore } from './replay/replay-store.ts'
import { defaultRetention, type Retention, trimEveryMs } from './retention.ts'
import { defaultRetryDelaysMs, subscribeGroup } from './subscribe-group.ts'
import type { Wakeups } from './wakeups.ts'

export type BusOptions = {
  log: Log
  /**
   * Waits before each further attempt at an event, in ms; after the last one it is a dead letter, and its subject goes on.
   * @default 100, 500, 2000, 10000, 30000
   */
  retryDelaysMs?: readonly number[]
  retention?: Partial<Retention>
}

/** What a bus needs of what it keeps its events in: that of one process, connected. */
export type Broker = {
  publish(events: readonly PlatformEvent[]): Promise<void>
  /** Makes the group where there is none. */
  createGroup(subscription: BusSubscription): Promise<void>
  trim(retention: Retention): Promise<void>
  consumers: ConsumerStore
  replays: ReplayStore
  operations: BusOperations
  /** News of what was published. */
  wakeups: Wakeups
  close: Close
}

/** The bus over any broker: its groups, their replays, its retention, and their end. */
export function busOver(
  broker: Broker,
  { log, retryDelaysMs = defaultRetryDelaysMs, retention }: BusOptions,
): Bus {
  const { consumers, replays, wakeups, operations } = broker
  const stopTrimming = repeatEvery(trimEveryMs, () =>
    broker
      .trim({ ...defaultRetention, ...retention })
      .catch((error) => log.warn({ err: error }, 'the retention of the bus is late')),
  )
  const groups = new Set<Close>()

  return {
    async publish(events) {
      if (events.length > 0) await broker.publish(events)
    },
    async subscribe(subscription) {
      await broker.createGroup(subscription)
      const end = subscribeGroup({ consumers, replays, wakeups, retryDelaysMs, log }, subscription)
      const close = async () => {
        groups.delete(close)
        await end()
      }
      groups.add(close)
      return close
    },
    operations,
    async close() {
      await Promise.all([...groups].map((close) => close()))
      await stopTrimming()
      await broker.close()
    },
  }
}
