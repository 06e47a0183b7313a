import type { Log } from '../../foundation/log.ts'
import type { Bus } from './bus.ts'
import { openPostgresBus } from './postgres/postgres-bus.ts'
import { openRedisBus } from './redis/redis-bus.ts'
import type { Retention } from './retention.ts'

export type OpenBusOptions = {
  /** `postgresql://…`, the database `bus`; or `redis://…`, `rediss://…`. */
  url: string
  log: Log
  retryDelaysMs?: readonly number[]
  retention?: Partial<Retention>
}

/** The bus behind an address. @throws when it cannot be reached now. Later on it may come and go */
export function openBus({ url, ...options }: OpenBusOptions): Promise<Bus> {
  return /^rediss?:/.test(url)
    ? openRedisBus({ url, ...options })
    : openPostgresBus({ databaseUrl: url, ...options })
}
