import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** The tests that the authors of the examples have written, run as they run them. */
describe.each(['acme', 'globex'])('the plugin of %s', (client) => {
  test('passes its own tests', async () => {
    const args = ['cli/trellis.js', 'test', `clients/${client}`]
    // NODE_TEST_CONTEXT and jest's own variables are not a person's.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env }).catch(
      (error) => error,
    )
    expect(stdout).toMatch(/^ℹ fail 0$/m)
    expect(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(5)
  }, 60_000)
})
