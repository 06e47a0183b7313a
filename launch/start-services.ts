import { createInProcessCalls } from '../foundation/in-process-calls.ts'
import type { Env, RunningService } from '../foundation/service.ts'
import { startAsChild } from './child-process.ts'
import { startInProcess } from './in-process.ts'
import type { Service } from './services.ts'

export type StartServicesOptions = {
  /** Each in a process of its own. */
  apart: boolean
  /** What such a process inherits besides its settings. */
  env: Env
  /** Prints a line for people. */
  say: (line: string) => void
}

export type RunningServices = {
  /** By name. */
  urls: Readonly<Record<string, string>>
  close: () => Promise<void>
}

/**
 * All services at once: they wait for one another by themselves. If one cannot start, the others are closed again.
 *
 * @param services the gateway first: it closes before the modules behind it, so that its last operations are answered
 */
export async function startServices(
  services: readonly Service[],
  options: StartServicesOptions,
): Promise<RunningServices> {
  const inProcess = createInProcessCalls()
  const start = (service: Service) =>
    options.apart ? startAsChild(service, options) : startInProcess(service, inProcess)
  const outcomes = await Promise.allSettled(services.map(start))
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure) {
    await closeInOrder(running)
    throw failure.reason
  }
  return {
    urls: Object.fromEntries(services.map(({ name }, index) => [name, running[index]?.url ?? ''])),
    close: () => closeInOrder(running),
  }
}

async function closeInOrder([gateway, ...modules]: readonly RunningService[]): Promise<void> {
  await gateway?.close()
  await Promise.all(modules.map((module) => module.close()))
}
