import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { StartError } from './start-error.ts'

/** The operating system's user that the database server runs as when the launcher is root, which PostgreSQL refuses to be. */
export type ServerUser = { name: string; uid: number; gid: number }

const preferredUsers = ['postgres', '_postgres', 'nobody']

/**
 * @returns null where the launcher is an ordinary user: the server then runs as that same user
 * @throws {StartError} when root finds no user to run the server as
 */
export async function findServerUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map(parseUser)
  for (const name of preferredUsers) {
    const user = users.find((candidate) => candidate?.name === name && candidate.uid !== 0)
    if (user) return user
  }
  throw new StartError(
    `PostgreSQL does not run as root, and this machine has none of the users ${preferredUsers.join(', ')}: start as an ordinary user, or set DATABASE_URL.`,
  )
}

function parseUser(line: string): ServerUser | null {
  const [name, , uid, gid] = line.split(':')
  if (!name || !uid || !gid) return null
  // macOS lists nobody as -2, which the system means as an unsigned number.
  return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
}

/** Whether that user may walk down to a folder that exists, and into it: every folder on the way must let it pass. */
export async function isReachableBy(user: ServerUser, folder: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder)
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const parent = dirname(resolve(folder))
  return parent === folder || isReachableBy(user, parent)
}
