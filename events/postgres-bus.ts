import type { Log } from '../foundation/log.ts'
import type { Bus } from './bus.ts'

export type PostgresBusOptions = {
  /** The `bus` database. Its migrations are applied when the bus is opened. */
  databaseUrl: string
  log: Log
  /** Waits before each further attempt at an event, in ms; after the last one it is a dead letter. @default 100, 500, 2000, 10000, 30000 */
  retryDelaysMs?: readonly number[]
}

export async function openPostgresBus(options: PostgresBusOptions): Promise<Bus> {
  throw new Error(`The bus on ${new URL(options.databaseUrl).host} is being written.`)
}
