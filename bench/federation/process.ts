import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

export type Started = { pid: number; child: ChildProcess; stop(): Promise<void> }

export type StartOptions = {
  /** After `node`: flags of V8, the file, its arguments. */
  args: readonly string[]
  core: number
  env?: Readonly<Record<string, string>>
  cwd?: string
}

/** A Node process bound to one core, where the machine lets us. Its output is kept for when it fails. */
export function startNode({ args, core, env, cwd }: StartOptions): Started {
  const pin = canPin() ? ['taskset', '-c', String(core)] : []
  const [command = '', ...rest] = [...pin, process.execPath, ...args]
  const child = spawn(command, rest, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      output = (output + chunk).slice(-4_000)
    })
  const killed = () => void child.kill('SIGKILL')
  process.once('exit', killed)
  let stopping = false
  child.on('exit', (code) => {
    process.removeListener('exit', killed)
    if (!stopping) console.error(`${args.join(' ')}\nended early with ${code}:\n${output}`)
  })
  return {
    pid: child.pid ?? 0,
    child,
    async stop() {
      stopping = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

function canPin(): boolean {
  return existsSync('/usr/bin/taskset') && availableParallelism() > 1
}

const ticksPerSecond = 100

/** CPU seconds that a process, its threads and its children have used so far; null where there is no /proc. */
export function cpuSeconds(pid: number): number | null {
  const own = readStat(pid)
  if (!own) return null
  return [own, ...descendants(pid).map(readStat)].reduce(
    (sum, stat) => sum + (stat ? (Number(stat[11]) + Number(stat[12])) / ticksPerSecond : 0),
    0,
  )
}

/** Resident megabytes of a process and its children; null where there is no /proc. */
export function residentMb(pid: number): number | null {
  const sizes = [pid, ...descendants(pid)].map((each) => {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'latin1'))?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return total === 0 ? null : total / 1024
}

/** The fields of /proc/PID/stat after the command's name, so that utime is at 11. */
function readStat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function descendants(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
    return children.flatMap((child) => [child, ...descendants(child)])
  } catch {
    return []
  }
}
