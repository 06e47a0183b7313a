import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { startPlatform } from '../support/platform.ts'
import { isRunning, processTree } from '../support/processes.ts'
import { repository, spawnNpmStart } from '../support/run-start.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await makeTemporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** npm passes signals on to nobody, or ends before what it has started: whatever becomes of it, nothing may stay behind. */
test.each([
  ['SIGTERM to npm alone', 'SIGTERM', 'npm'],
  ['kill -9 of npm alone', 'SIGKILL', 'npm'],
  ['Ctrl-C: SIGINT to the whole group', 'SIGINT', 'group'],
] as const)(
  'npm start, %s: every process ends',
  async (_name, signal, target) => {
    const options = { dataDirectory: join(folder.path, 'data') }
    const { launcher: npm } = await startPlatform(options, (chosen) => spawnNpmStart(repository, chosen))
    const pid = npm.pid ?? 0
    const started = processTree(pid)
    expect(started.length).toBeGreaterThan(5)
    process.kill(target === 'group' ? -pid : pid, signal)
    await eventually('every process has ended', () => !started.some(isRunning), 20_000)
  },
  120_000,
)
