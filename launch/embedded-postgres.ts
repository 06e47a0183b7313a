import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Close } from '../foundation/closing.ts'
import { tryPort } from './free-port.ts'
import { stopOrphanedServer } from './orphaned-server.ts'
import { findPlatformPackage, type PostgresBinaries, preparePostgresBinaries } from './postgres-binaries.ts'
import type { ServerUser } from './server-user.ts'
import { fileFault, StartError } from './start-error.ts'

export type EmbeddedPostgresOptions = {
  /** The folder that keeps the cluster and its log; made where it is missing. Nobody else may start on it: lock it first. */
  directory: string
  /** Where PostgreSQL's programs may be copied when they cannot run from `node_modules`. */
  copies: string
  /** Who runs the server; null: the launcher's own user. */
  user: ServerUser | null
  /** Of the superuser `trellis`. It is fixed when the cluster is made. */
  password: string
  /** False gives up safety against power loss for speed: tests only. @default true */
  durable?: boolean
}

export type EmbeddedPostgres = {
  /** The superuser's URL of the maintenance database `postgres`. */
  url: string
  /** Resolves with a line for people when the server ends without having been asked to. */
  failed: Promise<string>
  close: Close
}

export const superuser = 'trellis'
/** Recovery after a crash replays at most a gigabyte of log. */
const startsWithinMs = 300_000
const closesWithinMs = 15_000

/**
 * A real PostgreSQL on a free port of 127.0.0.1, as a child of this process. A cluster is made on the first start,
 * beside its place and renamed when it is whole and on disk, so that a start killed half-way leaves nothing half-made.
 *
 * @throws {StartError} when it cannot be made or started, with PostgreSQL's own last words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await preparePostgresBinaries(await findPlatformPackage(), options.copies, options.user)
  await mkdir(options.directory, { recursive: true, mode: 0o700 }).catch((error) => {
    throw new StartError(`The database cannot be kept in ${options.directory}: ${fileFault(error)}.`)
  })
  if (options.user) await chown(options.directory, options.user.uid, options.user.gid)
  const cluster = join(await realpath(options.directory), 'cluster')
  if (await hasCluster(cluster)) await stopOrphanedServer(cluster)
  else await createCluster(binaries, cluster, options)
  return startServer(binaries, cluster, options)
}

/** @throws {StartError} for a cluster of another major version, which this PostgreSQL cannot read */
async function hasCluster(cluster: string): Promise<boolean> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw new StartError(`The database in ${cluster} cannot be read: ${fileFault(error)}.`)
  })
  if (version !== null && version.trim() !== '18') {
    throw new StartError(
      `The database in ${cluster} was made by PostgreSQL ${version.trim()}; this is PostgreSQL 18.`,
    )
  }
  return version !== null
}

async function createCluster(
  binaries: PostgresBinaries,
  cluster: string,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  const beside = `${cluster}.new`
  const passwordFile = `${cluster}.password`
  try {
    await rm(beside, { recursive: true, force: true })
    await writeFile(passwordFile, options.password, { mode: 0o600 })
    if (options.user) await chown(passwordFile, options.user.uid, options.user.gid)
    const initdb = run(binaries, 'initdb', options, [
      ...['--pgdata', beside, '--username', superuser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // The C.UTF-8 that PostgreSQL brings along sorts alike on every machine, whatever its own locales are.
      ...[
        '--encoding',
        'UTF8',
        '--locale',
        'C',
        '--locale-provider',
        'builtin',
        '--builtin-locale',
        'C.UTF-8',
      ],
      ...['--no-instructions', ...(options.durable === false ? ['--no-sync'] : [])],
    ])
    const output = collect(initdb)
    const [status] = await ended(initdb)
    if (status !== 0)
      throw new StartError(`PostgreSQL could not make a database in ${cluster}: ${lastWords(output())}`)
    await rename(beside, cluster)
  } catch (error) {
    throw error instanceof StartError
      ? error
      : new StartError(`PostgreSQL could not make a database in ${cluster}: ${fileFault(error)}.`)
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function startServer(
  binaries: PostgresBinaries,
  cluster: string,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const logFile = join(options.directory, 'postgres.log')
  const port = await tryPort('127.0.0.1', 0)
  if (typeof port !== 'number') throw new StartError(`PostgreSQL finds no port: ${port.message}.`)
  const log = await open(logFile, 'w', 0o600)
  const settings = {
    ...serverSettings,
    ...(options.durable === false ? unsafeSettings : {}),
    port: String(port),
  }
  const args = [
    '-D',
    cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const server = run(binaries, 'postgres', options, args, log.fd)
  const killWithUs = () => server.kill('SIGQUIT')
  process.once('exit', killWithUs)
  const end = ended(server).finally(() => process.removeListener('exit', killWithUs))
  await log.close()

  const ready = await Promise.race([waitUntilReady(cluster, server), end.then(() => false)])
  if (!ready) {
    server.kill('SIGQUIT')
    await end
    throw new StartError(
      `PostgreSQL could not start on ${cluster}: ${lastWords(await readFile(logFile, 'utf8'))}`,
    )
  }

  let closing = false
  const failed = end.then(([status, signal]) =>
    closing
      ? new Promise<never>(() => undefined)
      : `PostgreSQL has ended (${signal ?? `status ${status}`}); its log is ${logFile}`,
  )
  return {
    url: `postgresql://${superuser}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`,
    failed,
    async close() {
      closing = true
      server.kill('SIGINT') // fast shutdown: ends the sessions, writes a checkpoint
      const impatience = setTimeout(() => server.kill('SIGQUIT'), closesWithinMs)
      await end
      clearTimeout(impatience)
    },
  }
}

const serverSettings = {
  listen_addresses: '127.0.0.1',
  // No socket file: it would have to live where every user of the machine can reach it.
  unix_socket_directories: '',
  max_connections: '200',
  // Nobody replicates an embedded database.
  wal_level: 'minimal',
  max_wal_senders: '0',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

const unsafeSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** As pg_ctl does it: the server writes `ready` on the eighth line of its pid file. @returns false when it ended instead */
async function waitUntilReady(cluster: string, server: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + startsWithinMs
  while (Date.now() < deadline && isRunning(server)) {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return false
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

/**
 * In a session of its own: a Ctrl-C in the terminal reaches the launcher alone, which then stops the services first
 * and the database last.
 */
function run(
  binaries: PostgresBinaries,
  program: string,
  { directory, user }: EmbeddedPostgresOptions,
  args: string[],
  output: number | 'pipe' = 'pipe',
): ChildProcess {
  return spawn(join(binaries.bin, program), args, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', output, output],
    // Nothing of the launcher's environment: it may hold secrets, and PG… variables that mean another server.
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: binaries.lib, LC_ALL: 'C', TZ: 'UTC' },
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  })
}

/** @returns exit status and signal. @throws {StartError} when the program could not be run at all */
async function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    const [status, signal] = await once(child, 'close')
    return [status, signal]
  } catch (error) {
    throw new StartError(
      `PostgreSQL could not be run: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function collect(child: ChildProcess): () => string {
  let output = ''
  const add = (chunk: Buffer) => {
    output = (output + chunk).slice(-10_000)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => output
}

/** The line that names the cause: the last error, or else the last line. */
function lastWords(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const fault = lines.findLast((line) => /error:|FATAL:|PANIC:/.test(line)) ?? lines.at(-1)
  return fault?.replace(/^.*?(error|FATAL|PANIC):\s*/, '').trim() ?? 'it said nothing.'
}
