import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '../../events/bus/bus.ts'
import { type Relay, startRelay } from '../../events/log/relay.ts'
import { defaultRetention } from '../../events/log/trim-log.ts'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { registrySource } from './change-registry.ts'

export type RelayOptions = {
  /** @throws while the bus cannot be reached */
  bus(): Promise<Bus>
  /** The platform database. */
  databaseUrl: string
  log: Log
}

const tryAgainMs = 2_000

/** Brings the registry's events to the bus, as soon as there is one; until then they wait in the database. */
export function relayRegistryEvents({ bus, databaseUrl, log }: RelayOptions): Close {
  const closing = new AbortController()
  const started = (async (): Promise<Relay | null> => {
    while (!closing.signal.aborted) {
      const reached = await bus().catch(() => null)
      if (reached && !closing.signal.aborted) {
        return startRelay({
          databaseUrl,
          source: registrySource,
          bus: reached,
          log,
          retention: defaultRetention,
        })
      }
      await delay(tryAgainMs, undefined, { signal: closing.signal }).catch(() => undefined)
    }
    return null
  })()
  return async () => {
    closing.abort()
    const relay = await started
    await relay?.close()
  }
}
