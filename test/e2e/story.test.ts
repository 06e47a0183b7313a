import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { machinePath, repository, spawnNpmStart } from '../support/run-start.ts'
import { tellStory } from '../support/story.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const inFreshClone = Boolean(process.env.CI || process.env.TRELLIS_TEST_CLONE)
if (!inFreshClone) {
  process.stderr.write(
    'The story is told in this checkout. TRELLIS_TEST_CLONE=1 tells it in a fresh clone, as CI does.\n',
  )
}

/** What a new user does, in an empty folder, with what the machine has: what is committed must be enough. */
describe(inFreshClone ? 'a fresh clone' : 'this checkout', () => {
  let folder: TemporaryFolder
  let checkout: string

  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    checkout = inFreshClone ? await cloneAndInstall(folder.path) : repository
  }, 300_000)

  afterAll(() => folder[Symbol.asyncDispose]())

  // The second finds what the first has left.
  describe.each([
    ['npm start', []],
    ['npm run start:apart', ['--apart']],
  ])('%s', (_command, args) => {
    let platform: TestPlatform

    beforeAll(async () => {
      const options = { dataDirectory: join(folder.path, 'data'), args }
      platform = await startPlatform(options, (chosen) => spawnNpmStart(checkout, chosen))
    }, 120_000)

    afterAll(async () => {
      await platform?.stop().finally(() => platform[Symbol.asyncDispose]())
    }, 30_000)

    tellStory(() => platform)
  })
})

/**
 * npm finds the packages of this checkout in place, which CI has just installed from the same lockfile, and makes up for
 * what does not fit. As links where the file system has them: they are sixty thousand files.
 */
async function cloneAndInstall(folder: string): Promise<string> {
  const checkout = join(folder, 'trellis')
  await run('git', ['clone', '--quiet', repository, checkout])
  const packages = [join(repository, 'node_modules'), checkout]
  await run('cp', ['-al', ...packages]).catch(() => run('cp', ['-a', ...packages]))
  const env = { PATH: machinePath(), HOME: process.env.HOME }
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: checkout, env })
  return checkout
}
