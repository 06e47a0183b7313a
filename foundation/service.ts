import { type Close, closeWithProcess } from './closing.ts'
import { ConfigError } from './config.ts'
import { keepRequestsYoung } from './garbage-collector.ts'
import type { InProcessCalls } from './in-process-calls.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What a service is told by whoever starts it in a process of several. */
export type StartOptions = {
  /** The others. @default it is alone */
  inProcess?: InProcessCalls | undefined
}

/** A started service: where it listens, and how it ends. */
export type RunningService = { url: string; close: Close }

/**
 * The foot of every `main.ts`: starts the service as a process of its own. A parent that started it as a child
 * (all services apart on one machine) is told the address over the pipe. A start that fails is one line and exit status 1.
 */
export async function runService(name: string, start: (env: Env) => Promise<RunningService>): Promise<void> {
  keepRequestsYoung()
  try {
    const service = await start(process.env)
    closeWithProcess(service.close, (error) => console.error(`${name}: could not close cleanly:`, error))
    process.send?.({ listening: service.url })
  } catch (error) {
    console.error(`${name}: ${error instanceof ConfigError ? error.message : String(error)}`)
    process.exit(1)
  }
}
