import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError } from '../command-error.ts'

export type TestOptions = {
  /** Runs again whenever a file changes. */
  watch: boolean
  /** Only tests whose names match. */
  only: string | null
}

const hooks = fileURLToPath(new URL('../resolve-sdk.ts', import.meta.url))

/**
 * Runs the tests beside a plugin (`*.test.ts`) with Node's own test runner, which writes to the terminal by itself.
 *
 * @returns whether all of them passed
 */
export async function test(folder: string, { watch, only }: TestOptions): Promise<boolean> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.filter((name) => /\.test\.(ts|js|mjs)$/.test(name) && !name.includes('node_modules'))
  if (files.length === 0) throw new CommandError(`There are no tests (*.test.ts) in ${folder}.`)
  const args = [
    ...['--import', hooks, '--test'],
    ...(watch ? ['--watch'] : []),
    ...(only === null ? [] : [`--test-name-pattern=${only}`]),
    ...files.sort().map((name) => join(folder, name)),
  ]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  const [status] = await once(child, 'exit')
  return status === 0
}
