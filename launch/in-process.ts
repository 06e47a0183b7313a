import type { Env, RunningService } from '../foundation/service.ts'
import type { Service } from './services.ts'

type ServiceModule = { start: (env: Env) => Promise<RunningService> }

/** All in one: a service in this process, on a port of its own, met over HTTP exactly as when it is apart. */
export async function startInProcess({ main, env }: Pick<Service, 'main' | 'env'>): Promise<RunningService> {
  const { start }: ServiceModule = await import(main.href)
  return start(env)
}

/** Loads services while the database starts: it takes a second of this process's time, and the database waits anyway. */
export async function preload(mains: readonly URL[]): Promise<void> {
  for (const main of mains) await import(main.href)
}
