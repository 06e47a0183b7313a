import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '../..')

export type StartOptions = {
  /** @default the free one the launcher finds */
  port?: number
  dataDirectory: string
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Before `start.ts` on node's command line. */
  nodeArgs?: readonly string[]
}

/** `node start.ts` as a person would run it, with nothing of the tests' own environment. */
export function spawnStart({
  port = 0,
  dataDirectory,
  args = [],
  env = {},
  nodeArgs = [],
}: StartOptions): ChildProcess {
  return spawn(process.execPath, [...nodeArgs, 'start.ts', ...args], {
    cwd: repository,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      TRELLIS_DATA: dataDirectory,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** For a start that is to fail. */
export async function runStart(
  options: StartOptions,
): Promise<{ status: number | null; output: string; errors: string }> {
  const child = spawnStart(options)
  let output = ''
  let errors = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (errors += chunk))
  const [status] = await once(child, 'close')
  return { status, output, errors }
}
