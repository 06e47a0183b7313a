import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Log } from '../../foundation/log.ts'
import type { IsolateProcessSettings } from '../isolates/process-settings.ts'

export type SpawnOptions = {
  settings: IsolateProcessSettings
  /** The file of its turn record. */
  recordFd: number
  /** What is added to its niceness; 0 for a process like any other. */
  nice: number
  log: Log
}

const main = fileURLToPath(new URL('../isolates/main.ts', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const readable = ['foundation', 'lambdas/isolates', 'node_modules', 'package.json'].map(
  // Permissions are of real paths, and node_modules may be a link.
  (path) => `--allow-fs-read=${realpathSync(root + path)}`,
)
const nodeArguments = [
  '--no-node-snapshot',
  '--permission',
  '--allow-addons',
  ...readable,
  '--allow-fs-read=/etc/alpine-release', // by it, isolated-vm's loader tells which of its binaries fits
  '--disable-warning=SecurityWarning',
  main,
]
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path))
let networkless: string[] | undefined

/** An empty environment and a pipe (descriptor 3); in a network namespace of its own where the system lets us make one. */
export function spawnIsolates({ settings, recordFd, nice, log }: SpawnOptions): ChildProcess {
  networkless ??= findUnshare(log)
  const [command = process.execPath, ...args] = [...networkless, process.execPath, ...nodeArguments]
  const child = spawn(command, [...args, JSON.stringify(settings)], {
    env: {},
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', recordFd],
  })
  if (child.pid !== undefined) yieldToOthers(child.pid, nice, log)
  return child
}

/** Before anybody else of this machine, these are to wait for the processor, and to end when memory is short. */
function yieldToOthers(pid: number, nice: number, log: Log): void {
  try {
    if (nice > 0) setPriority(pid, nice)
    if (existsSync('/proc/self/oom_score_adj')) writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch (error) {
    log.debug({ err: error, pid }, 'this system does not let a process of isolates step back')
  }
}

/** Root may make a network namespace; others only together with a user namespace, where the system allows that. */
function findUnshare(log: Log): string[] {
  const ways = unshare
    ? [
        [unshare, '--net'],
        [unshare, '--net', '--map-root-user'],
      ]
    : []
  const way = ways.find(
    ([command = '', ...args]) => spawnSync(command, [...args, process.execPath, '--version']).status === 0,
  )
  if (!way)
    log.warn(
      {},
      'this system cannot take the network away from the processes of the isolates; their own sandbox is all there is',
    )
  return way ?? []
}
