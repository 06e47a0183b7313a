import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { isRunning, killAll, processTree } from './processes.ts'
import { type StartOptions, spawnStart } from './run-start.ts'

export type DemoFile = {
  endpoint: string
  operatorKey: string
  clients: Record<string, DemoFileClient>
}

export type DemoFileClient = {
  publishableKey: string
  secretKey: string
  partnerKey: string
  deployKey: string
  users: { email: string; password: string; roles: string[] }[]
}

export type TestPlatform = {
  /** `http://127.0.0.1:<port>`. */
  url: string
  endpoint: string
  /** Without clients where the platform has no demo data. */
  demo: DemoFile
  launcher: ChildProcess
  /** All it has printed. */
  output(): string
  /** SIGTERM, and waits until it and everything it started is gone. Answers the launcher's exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** SIGKILL, to the launcher alone or to it and everything it started. */
  kill(what: 'launcher' | 'tree'): Promise<void>
} & AsyncDisposable

const startsWithinMs = 60_000
const stopsWithinMs = 20_000

/**
 * The real platform, started as a person would, waited for until it says that it is ready.
 *
 * @param spawn @default `node start.ts` in this checkout
 */
export async function startPlatform(options: StartOptions, spawn = spawnStart): Promise<TestPlatform> {
  const launcher = spawn(options)
  let output = ''
  launcher.stdout?.on('data', (chunk) => {
    output += chunk
  })
  launcher.stderr?.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(launcher, 'exit')
  const url = await eventually(
    'the platform is ready',
    () => {
      if (launcher.exitCode !== null || launcher.signalCode !== null)
        throw new Error(`It has ended:\n${output}`)
      return /^Trellis is ready at (\S+)\/graphql/m.exec(output)?.[1]
    },
    startsWithinMs,
  ).catch((error) => {
    killAll(processTree(launcher.pid ?? 0))
    throw new Error(`${error.message}\n${output}`)
  })
  let started: number[] = []
  const look = () => {
    started = [...new Set([...started, ...processTree(launcher.pid ?? 0)])]
    return started
  }

  return {
    url,
    endpoint: `${url}/graphql`,
    demo: await readDemoFile(options.dataDirectory),
    launcher,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      look()
      launcher.kill(signal)
      const [status] = await ended
      await eventually('every process has ended', () => !started.some(isRunning), stopsWithinMs)
      return status
    },
    async kill(what) {
      look()
      if (what === 'tree') killAll(started)
      else launcher.kill('SIGKILL')
      await ended
    },
    // Whatever a failed test has left.
    async [Symbol.asyncDispose]() {
      if (launcher.exitCode === null && launcher.signalCode === null) look()
      killAll(started)
      await eventually('every process has ended', () => !started.some(isRunning))
    },
  }
}

async function readDemoFile(dataDirectory: string): Promise<DemoFile> {
  const text = await readFile(join(dataDirectory, 'demo.json'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '{ "endpoint": "", "operatorKey": "", "clients": {} }'
    throw error
  })
  return JSON.parse(text)
}
