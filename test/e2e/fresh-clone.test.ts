import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { machinePath, repository, spawnNpmStart } from '../support/run-start.ts'
import { tellStory } from '../support/story.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const asked = Boolean(process.env.CI || process.env.TRELLIS_TEST_CLONE)
if (!asked) {
  process.stderr.write(
    'SKIPPED: the fresh clone (clone, npm install, npm start). TRELLIS_TEST_CLONE=1 runs it.\n',
  )
}

/** What a new user does, in an empty folder, with what the machine has: what is committed must be enough. */
const suite = asked ? describe : describe.skip
suite('a fresh clone', () => {
  let folder: TemporaryFolder
  let checkout: string

  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    checkout = join(folder.path, 'trellis')
    await run('git', ['clone', '--quiet', repository, checkout])
    const env = { PATH: machinePath(), HOME: process.env.HOME }
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: checkout, env })
  }, 300_000)

  afterAll(() => folder[Symbol.asyncDispose]())

  describe.each([
    ['npm start', []],
    ['npm run start:apart', ['--apart']],
  ])('%s', (_command, args) => {
    let platform: TestPlatform

    beforeAll(async () => {
      const options = { dataDirectory: join(checkout, '.trellis'), args }
      platform = await startPlatform(options, (chosen) => spawnNpmStart(checkout, chosen))
    }, 120_000)

    afterAll(async () => {
      await platform?.stop().finally(() => platform[Symbol.asyncDispose]())
    }, 30_000)

    tellStory(() => platform)
  })
})
