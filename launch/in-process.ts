import type { InProcessCalls } from '../foundation/in-process-calls.ts'
import type { Env, RunningService, StartOptions } from '../foundation/service.ts'
import type { Service } from './services.ts'

type ServiceModule = { start: (env: Env, options: StartOptions) => Promise<RunningService> }

/** All in one: a service in this process, on a port of its own. Those beside it need no connection to call it. */
export async function startInProcess(
  { main, env }: Pick<Service, 'main' | 'env'>,
  inProcess: InProcessCalls,
): Promise<RunningService> {
  const { start }: ServiceModule = await import(main.href)
  return start(env, { inProcess })
}

/** Loads services while the database starts: it takes a second of this process's time, and the database waits anyway. */
export async function preload(mains: readonly URL[]): Promise<void> {
  for (const main of mains) await import(main.href)
}
