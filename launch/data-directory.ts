import { access, constants, mkdir, open, realpath, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Close } from '../foundation/closing.ts'
import { fileFault, StartError } from './start-error.ts'

export type DataDirectory = {
  /** Its real, absolute path. */
  path: string
  /** The launcher before this one did not come to its own end: what it had started may still be ending. */
  endedBadly: boolean
  /** Call it last: the folder is free for another start from then on. */
  close: Close
}

/** What a database needs to come up at all; a disk with less is as good as full. */
const leastFreeBytes = 32 * 1024 * 1024

/**
 * Makes the folder where it is missing and takes it for this process alone.
 *
 * @throws {StartError} when another launcher has it, or nothing can be written to it
 */
export async function openDataDirectory(wanted: string): Promise<DataDirectory> {
  const path = await makeWritable(resolve(wanted))
  const unlock = lock(path)
  try {
    const running = join(path, 'running')
    const endedBadly = await isThere(running)
    await writeFile(running, `${process.pid}\n`)
    await demandFreeSpace(path)
    return {
      path,
      endedBadly,
      async close() {
        await rm(running, { force: true })
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error instanceof StartError ? error : cannotKeep(path, error)
  }
}

async function makeWritable(path: string): Promise<string> {
  try {
    // Passable for others as root, because the database server runs as another user; every file in it is private.
    await mkdir(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 }).catch(
      async (error) => {
        // What Node says of a read-only file system is that there is no such folder.
        if (error.code === 'ENOENT') await access(await nearestFolder(path), constants.W_OK)
        throw error
      },
    )
    const file = await open(join(path, 'lock'), 'a', 0o600)
    await file.close()
    return await realpath(path)
  } catch (error) {
    throw cannotKeep(path, error)
  }
}

async function nearestFolder(path: string): Promise<string> {
  return (await isThere(path)) ? path : nearestFolder(dirname(path))
}

/**
 * The lock is SQLite's, on a file without content: the system lets go of it when the process ends, however it ends,
 * so that there is no stale lock to judge; and it holds between containers that share the folder, too.
 */
function lock(path: string): () => void {
  const database = new DatabaseSync(join(path, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const errcode =
      typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined
    if (errcode === 5)
      throw new StartError(
        `Trellis is running already on ${path}: stop it, or set TRELLIS_DATA to another folder.`,
      )
    throw cannotKeep(path, error)
  }
  return () => database.close()
}

async function demandFreeSpace(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize < leastFreeBytes) throw cannotKeep(path, Object.assign(new Error(), { code: 'ENOSPC' }))
}

async function isThere(file: string): Promise<boolean> {
  return open(file).then(
    async (handle) => {
      await handle.close()
      return true
    },
    (error) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

function cannotKeep(path: string, error: unknown): StartError {
  return new StartError(
    `Nothing can be kept in ${path}: ${fileFault(error)}. TRELLIS_DATA names another folder.`,
  )
}
