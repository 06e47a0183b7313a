import type { Close } from '../../foundation/closing.ts'
import { createWakeup, type Wakeup } from '../wakeup.ts'
import { type ConsumerStore, type Lease, leaseMs, type Member } from './bus-store.ts'
import { createPartitionWorker, type PartitionWorker, type WorkerOptions } from './partition-worker.ts'
import { createSlots } from './slots.ts'

export type ConsumerOptions = Pick<
  WorkerOptions,
  'group' | 'retryDelaysMs' | 'handle' | 'covers' | 'giveUp' | 'log'
> & {
  store: ConsumerStore
  concurrency: number
  /** Woken when something was published. */
  published: Wakeup
}

export type GroupConsumer = {
  /** Of several instances one has it: who does what must be done once. */
  ownsFirstPartition(): boolean
  close: Close
}

const beatMs = 1_000
const pollMs = 1_000
/** Stops before others may take over. */
const marginMs = 500

/**
 * One instance of a consumer group. It shares the partitions with the others, and works for those that it owns. What it
 * cannot renew in time it lets go of by itself, before others may take it.
 */
export function consumeGroup(options: ConsumerOptions): GroupConsumer {
  const { store, group, log, published } = options
  const member: Member = { group, id: crypto.randomUUID() }
  const closing = new AbortController()
  const workers = new Map<number, PartitionWorker>()
  /** Not ours any more, but something is still in hand: not to be begun anew beside it. */
  const ending = new Map<number, Promise<void>>()
  const slots = createSlots(options.concurrency)
  const changed = createWakeup()
  const beats = createWakeup()
  let starved = false
  let ownedUntil = 0
  let expiry: NodeJS.Timeout | undefined
  let flushing = Promise.resolve()

  function lose(worker: PartitionWorker): void {
    const { partition } = worker.lease
    if (workers.get(partition) !== worker) return
    workers.delete(partition)
    log.debug({ group, partition }, 'no longer the owner of a partition')
    end(partition, worker.stop(true))
  }

  function end(partition: number, ended: Promise<void>): void {
    const settled = ended.finally(() => {
      ending.delete(partition)
      beats.wake()
    })
    ending.set(partition, settled)
  }

  async function beat(): Promise<void> {
    const sentAt = performance.now()
    // Whether these are still ours, the answer may not know yet.
    const unsure = new Set(ending.keys())
    const { leases, share } = await store.heartbeat(member)
    clearTimeout(expiry)
    ownedUntil = sentAt + leaseMs - marginMs
    const leftMs = ownedUntil - performance.now()
    // An answer that was on its way for too long is worth nothing.
    if (leftMs <= 0) return loseAll()
    expiry = setTimeout(loseAll, leftMs)
    await adopt(leases, unsure)
    shed(share)
    await redeliver()
  }

  function loseAll(): void {
    for (const worker of [...workers.values()]) lose(worker)
  }

  async function adopt(leases: readonly Lease[], unsure: ReadonlySet<number>): Promise<void> {
    const tokens = new Map(leases.map(({ partition, token }) => [partition, token]))
    for (const worker of [...workers.values()]) {
      if (tokens.get(worker.lease.partition) !== worker.lease.token) lose(worker)
    }
    const fresh = leases.filter(
      ({ partition }) => !workers.has(partition) && !ending.has(partition) && !unsure.has(partition),
    )
    if (fresh.length === 0) return
    const handovers = await store.takeOver(member, fresh)
    for (const handover of handovers) {
      const lease = fresh.find(({ partition }) => partition === handover.partition)
      if (!lease || closing.signal.aborted) continue
      const { partition } = lease
      const load = (position: string) => store.load(partition, position)
      const worker = createPartitionWorker({
        ...options,
        slots,
        lease,
        handover,
        load,
        mayBegin: () => performance.now() < ownedUntil,
        onChange: changed.wake,
      })
      workers.set(partition, worker)
    }
    published.wake()
  }

  /** Another instance wants its share: what is in hand is brought to its end first. */
  function shed(share: number): void {
    const kept = [...workers.values()].filter((worker) => !ending.has(worker.lease.partition))
    for (const worker of kept.slice(share)) {
      const { partition } = worker.lease
      const released = worker
        .stop(false)
        .then(flush)
        .then(() => (workers.get(partition) === worker ? store.release(member, [worker.lease]) : undefined))
        .catch((error) => log.debug({ err: error, group }, 'a partition is released when its lease ends'))
        .finally(() => {
          if (workers.get(partition) === worker) workers.delete(partition)
        })
      end(partition, released)
    }
  }

  async function redeliver(): Promise<void> {
    if (workers.size === 0) return
    const events = await store.redeliveries(group, [...workers.keys()])
    for (const [partition, worker] of workers) {
      worker.redeliver(events.filter((event) => event.partition === partition))
    }
  }

  async function read(): Promise<void> {
    const wants = [...workers.values()].map((worker) => ({ worker, want: worker.want() }))
    starved = wants.some(({ want }) => want === null)
    const asked = wants.flatMap(({ want }) => want ?? [])
    const events = asked.length > 0 ? await store.read(member, asked) : []
    for (const { worker, want } of wants) {
      if (want) worker.take(events.filter(({ partition }) => partition === worker.lease.partition))
    }
    if (events.length > 0) changed.wake()
    else await published.wait(pollMs, closing.signal)
  }

  function flush(): Promise<void> {
    flushing = flushing.then(settle, settle)
    return flushing
  }

  async function settle(): Promise<void> {
    const settlements = [...workers.values()].flatMap((worker) => worker.collect() ?? [])
    if (settlements.length === 0) return
    const owned = await patiently(() => store.settle(member, settlements))
    for (const { lease } of settlements) {
      const worker = workers.get(lease.partition)
      if (!owned?.has(lease.partition) && worker?.lease === lease) lose(worker)
    }
    if (starved) published.wake()
  }

  /** The broker may be away for a moment. @returns undefined when it was for too long */
  async function patiently<T>(work: () => Promise<T>): Promise<T | undefined> {
    const pause = createWakeup()
    for (let attempts = 1; attempts === 1 || (!closing.signal.aborted && workers.size > 0); attempts++) {
      try {
        return await work()
      } catch (error) {
        log.warn({ err: error, group, attempts }, 'the bus could not be told what is done; trying again')
        await pause.wait(Math.min(1_000, 50 * 2 ** attempts), closing.signal)
      }
    }
    return undefined
  }

  async function repeat(work: () => Promise<void>): Promise<void> {
    const pause = createWakeup()
    while (!closing.signal.aborted) {
      try {
        await work()
      } catch (error) {
        if (closing.signal.aborted) return
        log.warn({ err: error, group }, 'a consumer group lost its bus; trying again')
        await pause.wait(300 + Math.random() * 400, closing.signal)
      }
    }
  }

  const loops = [
    repeat(async () => {
      await beat()
      await beats.wait(beatMs, closing.signal)
    }),
    repeat(read),
    repeat(async () => {
      await changed.wait(beatMs, closing.signal)
      await flush()
    }),
  ]

  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    closing.abort()
    const stopped = [...workers.values()].map((worker) => worker.stop(true))
    await Promise.all([...loops, ...stopped, ...ending.values()])
    clearTimeout(expiry)
    await flush()
    await store
      .leave(member)
      .catch((error) => log.debug({ err: error, group }, 'the leases of a consumer end by themselves'))
  }

  return {
    ownsFirstPartition: () => workers.has(0),
    close() {
      closed ??= close()
      return closed
    },
  }
}
