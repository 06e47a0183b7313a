import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { isRunning, killAll, processTree } from '../support/processes.ts'

/** Something that faults happen to: a process with all it has started. */
export type Server = {
  name: string
  /** Of the process that runs now. */
  pid(): number | undefined
  /** SIGKILL, to it and all below it; it is started again after a while. */
  kill(downMs: number): Promise<void>
  /** SIGSTOP, and after a while SIGCONT, as if it had been swapped out or its machine been moved. */
  freeze(ms: number): Promise<void>
  /** SIGKILL for good. */
  end(): Promise<void>
}

export type ServerOptions = {
  name: string
  start(): ChildProcess
  /** Whether it serves. */
  isReady(child: ChildProcess): Promise<boolean> | boolean
}

const readyWithinMs = 240_000
const restartedAfterMs = 200

/** Starts a process that the fleet itself starts again, however often that takes. */
export async function startServer({ name, start, isReady }: ServerOptions): Promise<Server> {
  let isEnded = false
  let isDown = false
  let child = launch()
  const killWithUs = () => killAll(processTree(child.pid ?? 0)) // a run that fails leaves nothing behind
  process.once('exit', killWithUs)

  /**
   * As a supervisor would: one that ends by itself, because what it needs was killed beneath it just then, is started
   * again. PostgreSQL, too, refuses to start while a backend of the killed server still holds its memory.
   */
  function launch(): ChildProcess {
    const launched = start()
    launched.once('exit', async () => {
      await pause(restartedAfterMs)
      if (!isEnded && !isDown && child === launched) child = launch()
    })
    return launched
  }

  const untilReady = () => eventually(`${name} serves`, () => isReady(child), readyWithinMs)

  async function killTree(): Promise<void> {
    const pids = processTree(child.pid ?? 0)
    killAll(pids)
    if (!hasEnded(child)) await once(child, 'exit')
    await eventually(`${name} is gone`, () => !pids.some(isRunning))
  }

  await untilReady()
  return {
    name,
    pid: () => child.pid,
    async kill(downMs) {
      isDown = true
      await killTree()
      await pause(downMs)
      isDown = false
      if (isEnded) return
      child = launch()
      await untilReady()
    },
    freeze: (ms) => freezeTree(child.pid ?? 0, ms),
    async end() {
      isEnded = true
      await killTree()
      process.off('exit', killWithUs)
    },
  }
}

/** A process that somebody else starts again: a service under its launcher, found anew for each fault. */
export function supervised(name: string, find: () => number | undefined): Server {
  return {
    name,
    pid: find,
    async kill() {
      const pid = find()
      if (pid !== undefined) killAll([pid])
    },
    async freeze(ms) {
      const pid = find()
      if (pid !== undefined) await freezeTree(pid, ms)
    },
    end: async () => undefined,
  }
}

async function freezeTree(root: number, ms: number): Promise<void> {
  const pids = processTree(root).filter(isRunning)
  for (const pid of pids) signal(pid, 'SIGSTOP')
  await pause(ms)
  for (const pid of pids) signal(pid, 'SIGCONT')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** As a person's terminal would start it, with its output kept in a file. */
export function spawnLogged(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; output: number; uid?: number; gid?: number },
): ChildProcess {
  const { output, ...rest } = options
  return spawn(command, args, { ...rest, stdio: ['ignore', output, output] })
}
