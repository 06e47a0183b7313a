import type { Bus } from '../../../events/bus/bus.ts'
import { repeatEvery } from '../../../events/bus/repeat-every.ts'
import { defaultRetryDelaysMs } from '../../../events/bus/subscribe-group.ts'
import type { Close } from '../../../foundation/closing.ts'
import type { Log } from '../../../foundation/log.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import { handlersGroup } from '../../../schema/plugin-desk.ts'
import { createBacklog } from './backlog.ts'
import { createHandleEvent, type HandleEventOptions } from './handle-event.ts'
import { createIsHandled } from './handled-types.ts'
import type { HandlerQueue } from './handler-queue.ts'
import { workQueue } from './work-queue.ts'

export type HandlersOptions = HandleEventOptions & {
  db: PrismaClient
  bus: Bus
  queue: HandlerQueue
  log: Log
  /** As of the bus. @default 100, 500, 2000, 10000, 30000 */
  retryDelaysMs?: readonly number[] | undefined
}

/** Only noting down: all that are there at once. */
const notedAtOnce = 64
const removeOldEveryMs = 3_600_000
const nothing = async () => undefined

/**
 * Events to the handlers of plugins. One group of the bus, for all clients together, only notes down what is to be
 * handled; what then happens with it is each client's own affair, and keeps no other client's events back.
 */
export async function startHandlers(options: HandlersOptions): Promise<Close> {
  const { db, registry, bus, queue, log, retryDelaysMs = defaultRetryDelaysMs } = options
  const isHandled = createIsHandled(db, registry)
  const backlog = createBacklog({ db, bus: bus.operations, isHandled, log })
  const handle = createHandleEvent(options)
  const worker = workQueue({ queue, refill: backlog.refill, handle, retryDelaysMs, log })
  const leave = await bus.subscribe({
    group: handlersGroup,
    concurrency: notedAtOnce,
    async handle(event, signal, position) {
      await registry.known(signal)
      if (!(await isHandled(event))) return
      await backlog.add({ position, event })
      worker.wake()
    },
    // There is no projection to build beside: handlers are given the events again, behind what they have to do.
    replay: {
      begin: nothing,
      end: nothing,
      abandon: nothing,
      async handle(event, _replay, signal) {
        await registry.known(signal)
        if (!(await isHandled(event))) return
        await backlog.again(event, signal)
        worker.wake()
      },
    },
  })
  const stopRemoving = repeatEvery(removeOldEveryMs, () =>
    queue.removeOld().catch((error) => log.warn({ err: error }, 'old dead letters could not be removed')),
  )
  return async () => {
    await leave()
    await Promise.all([worker.close(), stopRemoving()])
  }
}
