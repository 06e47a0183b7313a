import type { Bus } from '../../events/bus/bus.ts'
import { openBus } from '../../events/bus/open-bus.ts'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'

/** The event bus, for what operators do with it. The gateway starts, and serves its clients, without it. */
export type BusAccess = {
  /** @throws {TrellisError} NOT_AVAILABLE when there is none; SUBGRAPH_UNAVAILABLE when it cannot be reached */
  bus(): Promise<Bus>
  close: Close
}

/** @param url of the bus; undefined: this gateway has none */
export function createBusAccess(url: string | undefined, log: Log): BusAccess {
  let opening: Promise<Bus> | undefined
  return {
    async bus() {
      if (url === undefined) throw new TrellisError('NOT_AVAILABLE', 'This gateway knows of no event bus.')
      opening ??= openBus({ url, log })
      try {
        return await opening
      } catch (error) {
        opening = undefined
        log.warn({ err: error }, 'the event bus cannot be reached')
        throw new TrellisError('SUBGRAPH_UNAVAILABLE', 'The event bus cannot be reached.')
      }
    },
    async close() {
      const bus = await opening?.catch(() => undefined)
      await bus?.close()
    },
  }
}
