import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { openDataDirectory } from '../../launch/data-directory.ts'
import { runStart, type StartOptions } from '../support/run-start.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const isRoot = process.getuid?.() === 0
const asRoot = isRoot ? test : test.skip
const asOrdinaryUser = isRoot ? test.skip : test

/** One line on standard error, no stack, exit status 1. */
async function refusal(options: StartOptions): Promise<string> {
  const { status, errors } = await runStart(options)
  expect(errors.trim().split('\n')).toHaveLength(1)
  expect(errors).not.toMatch(/\n\s+at /)
  expect(status).toBe(1)
  return errors.trim()
}

test('an unknown or malformed setting', async () => {
  await using folder = await makeTemporaryFolder()
  const dataDirectory = join(folder.path, 'data')
  const env = { TRELLIS_DTAA: '/elsewhere', PORT: 'http', LOG_LEVEL: 'loud' }
  const line = await refusal({ dataDirectory, env })
  expect(line).toContain('TRELLIS_DTAA: there is no such setting')
  expect(line).toContain('PORT: is not a port')
  expect(line).toContain('LOG_LEVEL:')
})

test('an unknown option', async () => {
  await using folder = await makeTemporaryFolder()
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), args: ['--aprat'] })
  expect(line).toContain("Unknown option '--aprat'")
})

test('a second start on the same data directory', async () => {
  await using folder = await makeTemporaryFolder()
  const held = await openDataDirectory(join(folder.path, 'data'))
  const line = await refusal({ dataDirectory: held.path })
  expect(line).toContain(`Trellis is running already on ${held.path}`)
  await held.close()
})

test('a taken port, before anything is made', async () => {
  await using folder = await makeTemporaryFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), port })
  expect(line).toContain(`Port ${port} of 127.0.0.1 is taken by another program`)
  other.close()
})

test('an address that is none of this machine', async () => {
  await using folder = await makeTemporaryFolder()
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), env: { HOST: '192.0.2.1' } })
  expect(line).toContain('HOST is 192.0.2.1, which is no address of this machine')
})

test('an unreachable database server', async () => {
  await using folder = await makeTemporaryFolder()
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const env = { DATABASE_URL: `postgresql://somebody:secret@127.0.0.1:${port}/postgres` }
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), env })
  expect(line).toContain(`The database server at 127.0.0.1:${port} cannot be reached`)
  expect(line).not.toContain('secret')
})

test('a database host that does not exist', async () => {
  await using folder = await makeTemporaryFolder()
  const env = { DATABASE_URL: 'postgresql://somebody:secret@no-such-host.invalid/postgres' }
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), env })
  expect(line).toContain('The database server at no-such-host.invalid cannot be reached')
})

test('a wrong password', async () => {
  await using folder = await makeTemporaryFolder()
  const server = new URL(process.env.TRELLIS_TEST_DATABASE_URL ?? '')
  server.password = 'not-the-password'
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), env: { DATABASE_URL: server.href } })
  expect(line).toContain('refuses the user or the password')
  expect(line).not.toContain('not-the-password')
})

test('a DATABASE_URL that is no PostgreSQL URL', async () => {
  await using folder = await makeTemporaryFolder()
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), env: { DATABASE_URL: 'mysql://x' } })
  expect(line).toContain('DATABASE_URL: is not a URL of the form postgresql://')
})

test('a platform without an embedded PostgreSQL', async () => {
  await using folder = await makeTemporaryFolder()
  const pretend = `data:text/javascript,Object.defineProperty(process, 'arch', { value: 'riscv64' })`
  const line = await refusal({ dataDirectory: join(folder.path, 'data'), nodeArgs: ['--import', pretend] })
  expect(line).toContain('No embedded PostgreSQL for linux-riscv64')
  expect(line).toContain('set DATABASE_URL')
})

test('a file where the data directory should be', async () => {
  await using folder = await makeTemporaryFolder()
  await writeFile(join(folder.path, 'data'), '')
  const line = await refusal({ dataDirectory: join(folder.path, 'data') })
  expect(line).toContain('there is a file of that name, not a folder')
})

test('damaged secrets', async () => {
  await using folder = await makeTemporaryFolder()
  await writeFile(join(folder.path, 'secrets.json'), '{"postgresPassword":')
  const line = await refusal({ dataDirectory: folder.path })
  expect(line).toContain(`The secrets in ${folder.path}/secrets.json are damaged`)
})

test('a cluster whose secrets are gone', async () => {
  await using folder = await makeTemporaryFolder()
  await mkdir(join(folder.path, 'postgres/cluster'), { recursive: true })
  for (const _attempt of ['first', 'second']) {
    const line = await refusal({ dataDirectory: folder.path })
    expect(line).toContain(`The database in ${folder.path}/postgres was made with other secrets`)
  }
})

asOrdinaryUser('a read-only data directory', async () => {
  await using folder = await makeTemporaryFolder()
  await chmod(folder.path, 0o500)
  const line = await refusal({ dataDirectory: folder.path })
  expect(line).toContain(`Nothing can be kept in ${folder.path}: permission denied`)
})

asRoot('a data directory on a read-only file system', async () => {
  await using folder = await makeTemporaryFolder()
  await using _disk = mountDisk(folder.path, 'ro,size=64m')
  const line = await refusal({ dataDirectory: join(folder.path, 'data') })
  expect(line).toContain(`Nothing can be kept in ${folder.path}/data: the file system is read-only`)
})

asRoot('a disk that is full from the beginning', async () => {
  await using folder = await makeTemporaryFolder()
  await using _disk = mountDisk(folder.path, 'size=1m')
  const line = await refusal({ dataDirectory: join(folder.path, 'data') })
  expect(line).toContain(`Nothing can be kept in ${folder.path}/data: the disk is full`)
})

asRoot('a disk that becomes full while the database is made', async () => {
  await using folder = await makeTemporaryFolder()
  await using _disk = mountDisk(folder.path, 'size=34m')
  const line = await refusal({ dataDirectory: join(folder.path, 'data') })
  expect(line).toContain('No space left on device')
})

function mountDisk(path: string, options: string): AsyncDisposable {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=711,${options}`, 'trellis-test', path])
  return {
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [path])
    },
  }
}
