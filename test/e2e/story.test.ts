import { join } from 'node:path'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { tellStory } from '../support/story.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

describe.each([
  ['all in one', []],
  ['apart', ['--apart']],
])('the platform %s', (_name, args) => {
  let folder: TemporaryFolder
  let platform: TestPlatform

  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    platform = await startPlatform({ dataDirectory: join(folder.path, 'data'), args })
  }, 90_000)

  afterAll(async () => {
    await platform?.stop().finally(() => platform[Symbol.asyncDispose]())
    await folder?.[Symbol.asyncDispose]()
  }, 30_000)

  tellStory(() => platform)
})
