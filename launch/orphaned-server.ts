import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf, StartError } from './start-error.ts'

const gracefulMs = 15_000
const forcedMs = 5_000

/**
 * Stops the server that a killed launcher left behind on this cluster, its worker processes included. Call it only
 * under the lock of the data directory: then whatever still runs here belongs to nobody.
 *
 * A process counts only if it is a postgres that works in this folder (its working directory is its cluster, always)
 * or was started on it: the number in postmaster.pid alone may by now be another program's.
 *
 * @param cluster the real path of the cluster
 */
export async function stopOrphanedServer(cluster: string): Promise<void> {
  const postmaster = await readPostmasterId(cluster)
  if (postmaster === null) return
  if (await isServerOf(cluster, postmaster)) send('SIGINT', postmaster) // fast shutdown: checkpoint, then end
  if (!(await areGone(cluster, gracefulMs))) {
    for (const pid of await findServerProcesses(cluster)) send('SIGKILL', pid)
    if (!(await areGone(cluster, forcedMs))) {
      throw new StartError(
        `An earlier PostgreSQL still runs on ${cluster} (process ${postmaster}) and cannot be stopped.`,
      )
    }
  }
  // The number is another program's by now, and PostgreSQL would take that for a living server. A dead number it
  // examines itself, with more care than we could.
  if (isAlive(postmaster)) await rm(join(cluster, 'postmaster.pid'), { force: true })
}

async function readPostmasterId(cluster: string): Promise<number | null> {
  const lines = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const id = Number.parseInt(lines.split('\n')[0] ?? '', 10)
  return Number.isSafeInteger(id) && id > 0 ? id : null
}

async function areGone(cluster: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while ((await findServerProcesses(cluster)).length > 0) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

/** The server and its workers, also those that outlive a killed server for a moment. */
async function findServerProcesses(cluster: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const postmaster = await readPostmasterId(cluster)
    return postmaster !== null && (await isServerOf(cluster, postmaster)) ? [postmaster] : []
  }
  const candidates = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const ours = await Promise.all(candidates.map((pid) => isServerOf(cluster, pid)))
  return candidates.filter((_pid, index) => ours[index])
}

async function isServerOf(cluster: string, pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return (await commandOf(pid)).includes(`-D ${cluster}`)
  try {
    if ((await readlink(`/proc/${pid}/cwd`)) !== cluster) return false
    return basename(await readlink(`/proc/${pid}/exe`)).startsWith('postgres')
  } catch {
    // Gone meanwhile, or another user's, of whom a container's root may see no more than the command line.
    const [program, ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return basename(program ?? '') === 'postgres' && args[args.indexOf('-D') + 1] === cluster
  }
}

async function commandOf(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
    return stdout.trim()
  } catch {
    return '' // ps answers a process that is not there with an error status
  }
}

function isAlive(pid: number): boolean {
  return send(0, pid)
}

/** @returns whether there is such a process */
function send(signal: NodeJS.Signals | 0, pid: number): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
