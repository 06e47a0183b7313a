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

/** `node start.ts` as a person would run it, with nothing of the tests' own environment but what was compiled before. */
export function spawnStart({ args = [], nodeArgs = [], ...options }: StartOptions): ChildProcess {
  return spawn(process.execPath, [...nodeArgs, 'start.ts', ...args], {
    cwd: repository,
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** `npm start` in any checkout, with the machine's own Node and npm; in a process group of its own. */
export function spawnNpmStart(checkout: string, options: StartOptions): ChildProcess {
  return spawn('npm', ['run', options.args?.includes('--apart') ? 'start:apart' : 'start'], {
    cwd: checkout,
    env: { ...environment(options), PATH: machinePath() },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The PATH without what npm puts before it: a new user has only the machine's. */
export function machinePath(): string {
  const folders = process.env.PATH?.split(':') ?? []
  return folders.filter((folder) => !folder.includes('node_modules')).join(':')
}

function environment({ port = 0, dataDirectory, env = {} }: StartOptions): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, PORT: String(port), TRELLIS_DATA: dataDirectory, ...env }
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
