import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findPlatformPackage, preparePostgresBinaries } from '../../launch/postgres-binaries.ts'
import { findServerUser } from '../../launch/server-user.ts'
import { eventually } from '../support/eventually.ts'
import { isRunning } from '../support/processes.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const password = 'a password of this test'

async function start(folder: string, change: { password?: string } = {}): Promise<EmbeddedPostgres> {
  const user = await findServerUser()
  return startEmbeddedPostgres({
    ...{ directory: join(folder, 'postgres'), copies: join(folder, 'copies'), user, password },
    ...change,
  })
}

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

async function readPostmasterId(folder: string): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8'), 10)
}

test('a new cluster: PostgreSQL 18, UTF-8, durable, this machine only, with a password', async () => {
  await using folder = await makeTemporaryFolder()
  const postgres = await start(folder.path)
  const settings = await query(
    postgres.url,
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit',
     'listen_addresses', 'unix_socket_directories', 'server_encoding') ORDER BY name`,
  )
  expect(settings).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'server_encoding', setting: 'UTF8' },
    { name: 'synchronous_commit', setting: 'on' },
    { name: 'unix_socket_directories', setting: '' },
  ])
  const [row] = await query(
    postgres.url,
    `SELECT version(), datlocale FROM pg_database WHERE datname = 'template1'`,
  )
  expect(row).toMatchObject({ version: expect.stringMatching(/^PostgreSQL 18\./), datlocale: 'C.UTF-8' })
  const stranger = Object.assign(new URL(postgres.url), { password: 'guessed' }).href
  await expect(query(stranger, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(folder.path, 'postgres'))).mode & 0o077).toBe(0)
  await postgres.close()
})

test('what was committed is there after a stop and another start', async () => {
  await using folder = await makeTemporaryFolder()
  const first = await start(folder.path)
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.close()
  const second = await start(folder.path)
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await second.close()
})

test('the server of a killed launcher is stopped, and nothing committed is lost', async () => {
  await using folder = await makeTemporaryFolder()
  const launcher = spawn(process.execPath, [
    join(import.meta.dirname, '../support/hold-postgres.ts'),
    folder.path,
    password,
  ])
  const [url] = await once(launcher.stdout, 'data')
  await query(String(url).trim(), 'CREATE TABLE kept AS SELECT 42 AS answer')
  const orphan = await readPostmasterId(folder.path)
  launcher.kill('SIGKILL')
  await once(launcher, 'exit')
  expect(isRunning(orphan)).toBe(true)

  const postgres = await start(folder.path)
  expect(isRunning(orphan)).toBe(false)
  expect(await query(postgres.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await postgres.close()
})

test('a killed server: reported while it should run, recovered at the next start', async () => {
  await using folder = await makeTemporaryFolder()
  const first = await start(folder.path)
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  process.kill(await readPostmasterId(folder.path), 'SIGKILL')
  await expect(first.failed).resolves.toMatch(/^PostgreSQL has ended \(SIGKILL\)/)
  const second = await start(folder.path)
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await second.close()
})

test('a process number that is another program by now is left alone', async () => {
  await using folder = await makeTemporaryFolder()
  const first = await start(folder.path)
  const pidFile = join(folder.path, 'postgres/cluster/postmaster.pid')
  const content = await readFile(pidFile, 'utf8')
  await first.close()
  // Of the server's own user, as PostgreSQL itself looks no further than at other users' processes.
  const user = await findServerUser()
  const bystander = spawn('sleep', ['60'], user ? { uid: user.uid, gid: user.gid } : {})
  await writeFile(pidFile, content.replace(/^\d+/, String(bystander.pid)))
  if (user) await chown(pidFile, user.uid, user.gid)

  const second = await start(folder.path)
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
  await second.close()
  bystander.kill()
})

test('a cluster whose making was cut short is made anew', async () => {
  await using folder = await makeTemporaryFolder()
  await mkdir(join(folder.path, 'postgres/cluster.new/base'), { recursive: true })
  await writeFile(join(folder.path, 'postgres/cluster.new/PG_VERSION'), '18\n')
  const postgres = await start(folder.path)
  expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await postgres.close()
})

test('a cluster of another version is refused', async () => {
  await using folder = await makeTemporaryFolder()
  await mkdir(join(folder.path, 'postgres/cluster'), { recursive: true })
  await writeFile(join(folder.path, 'postgres/cluster/PG_VERSION'), '17\n')
  await expect(start(folder.path)).rejects.toThrow(/was made by PostgreSQL 17; this is PostgreSQL 18/)
})

test('a damaged cluster is refused with the words of PostgreSQL, and no process is left', async () => {
  await using folder = await makeTemporaryFolder()
  const first = await start(folder.path)
  await first.close()
  await rm(join(folder.path, 'postgres/cluster/global/pg_control'))
  await expect(start(folder.path)).rejects.toThrow(/could not start on .*cluster: .*pg_control/)
  await eventually('no server is left', () => execFileSync('ps', ['-eo', 'args']).indexOf(folder.path) === -1)
})

test('an install without scripts, in a place where the server cannot use it: copied once, links included', async () => {
  await using folder = await makeTemporaryFolder()
  const installed = await findPlatformPackage()
  const closed = join(folder.path, 'closed')
  await cp(installed.native, join(closed, 'native'), { recursive: true, verbatimSymlinks: true })
  const lib = join(closed, 'native/lib')
  for (const link of await readdir(lib, { withFileTypes: true })) {
    if (link.isSymbolicLink()) await rm(join(lib, link.name))
  }
  await chmod(lib, 0o555) // no links can be made by an ordinary user
  await chmod(closed, 0o700) // nor can the server's user come here when we are root
  const copies = join(folder.path, 'copies')
  const user = await findServerUser()
  const binaries = await preparePostgresBinaries(
    { ...installed, native: join(closed, 'native') },
    copies,
    user,
  )
  expect(binaries.bin).toBe(join(copies, `postgres-${installed.version}`, 'bin'))
  const asServer = user ? { uid: user.uid, gid: user.gid } : {}
  expect(execFileSync(join(binaries.bin, 'initdb'), ['--version'], asServer).toString()).toMatch(/ 18\./)
  expect(execFileSync(join(binaries.bin, 'postgres'), ['--version'], asServer).toString()).toMatch(/ 18\./)
  await chmod(lib, 0o755)
})
