import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findServerUser, isReachableBy, type ServerUser } from './server-user.ts'
import { fileFault, StartError } from './start-error.ts'

export type ClusterFolder = { directory: string; copies: string; user: ServerUser | null }

/** For root only: where its database server, which is another user, can get at things. */
const stateFolder = '/var/lib/trellis'

/**
 * Where the cluster of a data directory is: in it, unless root started us and the server's user cannot get there
 * (`/root` is closed to all others). Then it is in a state folder under an id of its own, which the data directory
 * notes: without that note, or in another data directory, it is another cluster.
 *
 * @throws {StartError} when the noted cluster is gone: what it held must not be replaced by an empty one in silence
 */
export async function findClusterFolder(data: string): Promise<ClusterFolder> {
  const user = await findServerUser()
  const inside = join(data, 'postgres')
  if (!user) return { directory: inside, copies: join(data, 'programs'), user }
  const note = join(data, 'cluster-id')
  const id = await readNote(note)
  if (id === null && (await isReachableBy(user, data)))
    return withOwner({ directory: inside, copies: stateFolder, user })
  const directory = join(stateFolder, 'clusters', id ?? crypto.randomUUID())
  if (id === null) await noteCluster(directory, note)
  else await demandCluster(directory, note)
  return withOwner({ directory, copies: stateFolder, user })
}

async function readNote(note: string): Promise<string | null> {
  const id = await readFile(note, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw new StartError(`${note} cannot be read: ${fileFault(error)}.`)
  })
  if (id !== null && !/^[0-9a-f-]{36}$/.test(id)) throw new StartError(`${note} is damaged.`)
  return id
}

async function noteCluster(directory: string, note: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o711 })
    await writeFile(note, basename(directory), { mode: 0o600 })
  } catch (error) {
    throw new StartError(`The database cannot be kept in ${directory}: ${fileFault(error)}.`)
  }
}

/** A first start that was killed early leaves a note and an empty folder, which is no loss; a missing folder is one. */
async function demandCluster(directory: string, note: string): Promise<void> {
  await stat(directory).catch(() => {
    throw new StartError(
      `The database in ${directory}, noted in ${note}, is gone: put it back, or delete the data directory to start anew.`,
    )
  })
}

/** A cluster belongs to the user who made it, whichever user we would choose today. */
async function withOwner(folder: ClusterFolder): Promise<ClusterFolder> {
  const owner = await stat(join(folder.directory, 'cluster')).catch(() => null)
  if (!owner || owner.uid === 0) return folder
  return { ...folder, user: { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid } }
}
