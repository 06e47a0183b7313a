import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findClusterFolder } from '../../launch/cluster-folder.ts'
import { openDataDirectory } from '../../launch/data-directory.ts'
import { openSecrets, saveSecrets } from '../../launch/secrets.ts'
import { findServerUser, isReachableBy } from '../../launch/server-user.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const asRoot = process.getuid?.() === 0 ? test : test.skip

test('one launcher at a time, and the next one after it', async () => {
  await using folder = await makeTemporaryFolder()
  const path = join(folder.path, 'deeper/data')
  const first = await openDataDirectory(path)
  expect(first.endedBadly).toBe(false)
  await first.close()
  const second = await openDataDirectory(path)
  expect(second.endedBadly).toBe(false)
  await second.close()
  expect(await readdir(path)).toEqual(['lock'])
})

test('a killed launcher leaves no lock, and the next one knows that it was killed', async () => {
  await using folder = await makeTemporaryFolder()
  const module = new URL('../../launch/data-directory.ts', import.meta.url).href
  const hold = `const { openDataDirectory } = await import('${module}')
    const held = await openDataDirectory('${folder.path}')
    console.log('held')
    setInterval(() => held, 60_000)`
  const launcher = spawn(process.execPath, ['--input-type=module', '--eval', hold])
  await once(launcher.stdout, 'data')
  try {
    await expect(openDataDirectory(folder.path)).rejects.toThrow(
      `Trellis is running already on ${folder.path}`,
    )
  } finally {
    launcher.kill('SIGKILL')
    await once(launcher, 'exit')
  }
  const next = await openDataDirectory(folder.path)
  expect(next.endedBadly).toBe(true)
  await next.close()
})

test('secrets are made once, kept, and private', async () => {
  await using folder = await makeTemporaryFolder()
  const { secrets, fresh } = await openSecrets(folder.path)
  expect(fresh).toBe(true)
  expect(Buffer.from(secrets.fieldKey, 'base64')).toHaveLength(32)
  expect((await stat(join(folder.path, 'secrets.json'))).mode & 0o777).toBe(0o600)
  expect(await openSecrets(folder.path)).toEqual({ secrets, fresh: false })
  const changed = { ...secrets, fieldKey: 'another' }
  await saveSecrets(folder.path, changed)
  expect((await openSecrets(folder.path)).secrets).toEqual(changed)
  expect(await readdir(folder.path)).toEqual(['secrets.json'])
})

test('the cluster is in the data directory where its server can get there', async () => {
  await using folder = await makeTemporaryFolder()
  const cluster = await findClusterFolder(folder.path)
  expect(cluster.directory).toBe(join(folder.path, 'postgres'))
  expect(cluster.user).toEqual(await findServerUser())
})

asRoot(
  'elsewhere where it cannot: found again by its note, fresh without one, refused when it is gone',
  async () => {
    await using folder = await makeTemporaryFolder()
    await chmod(folder.path, 0o700)
    const data = join(folder.path, 'data')
    await mkdir(data, { mode: 0o711 })
    const first = await findClusterFolder(data)
    expect(first.directory).toMatch(/^\/var\/lib\/trellis\/clusters\/[0-9a-f-]{36}$/)
    expect(first.user && (await isReachableBy(first.user, first.directory))).toBe(true)
    expect(await findClusterFolder(data)).toEqual(first)

    await rm(join(data, 'cluster-id'))
    const second = await findClusterFolder(data)
    expect(second.directory).not.toBe(first.directory)
    await rm(first.directory, { recursive: true })
    await rm(second.directory, { recursive: true })
    await expect(findClusterFolder(data)).rejects.toThrow(/is gone: put it back/)
  },
)
