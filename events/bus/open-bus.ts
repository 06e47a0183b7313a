import type { Bus } from './bus.ts'
import type { BusOptions } from './bus-over.ts'
import { openPostgresBus } from './postgres/postgres-bus.ts'
import { openRedisBus } from './redis/redis-bus.ts'

export type OpenBusOptions = BusOptions & {
  /** `postgresql://…`, the database `bus`; or `redis://…`, `rediss://…`. */
  url: string
}

/** The bus behind an address. @throws when it cannot be reached now. Later on it may come and go */
export function openBus({ url, ...options }: OpenBusOptions): Promise<Bus> {
  return /^rediss?:/.test(url)
    ? openRedisBus({ url, ...options })
    : openPostgresBus({ databaseUrl: url, ...options })
}
