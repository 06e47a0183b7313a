import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Env, RunningService } from '../foundation/service.ts'
import type { Service } from './services.ts'
import { StartError } from './start-error.ts'

const firstRestartMs = 250
const slowestRestartMs = 30_000
/** A service that has run so long has recovered from whatever ended it before. */
const steadyAfterMs = 60_000
const closesWithinMs = 15_000

export type ChildOptions = {
  /** Prints a line for people. */
  say: (line: string) => void
  /** What the process is given besides the settings of its service: PATH and the like. */
  env: Env
}

/**
 * Apart: the service in a process of its own. It ends with this one, however this one ends, because the pipe between
 * them closes. One that ends by itself is reported and started again, later each time.
 *
 * @throws {StartError} when it ends before it listens, with its own last line
 */
export async function startAsChild(service: Service, { say, env }: ChildOptions): Promise<RunningService> {
  const stop = new AbortController()
  const start = (port?: string) =>
    startChild({ ...service, env: { ...env, ...service.env, ...(port && { PORT: port }) } })
  let child = await start()
  const url = child.url
  const kept = keepRunning()

  async function keepRunning(): Promise<void> {
    let delayMs = firstRestartMs
    while (!stop.signal.aborted) {
      const startedAt = Date.now()
      const how = await child.ended
      if (stop.signal.aborted) return
      if (Date.now() - startedAt > steadyAfterMs) delayMs = firstRestartMs
      say(`${service.name} has ended (${how}); it is started again in ${delayMs / 1000} s`)
      await pause(delayMs, undefined, { signal: stop.signal }).catch(() => undefined)
      delayMs = Math.min(delayMs * 2, slowestRestartMs)
      if (stop.signal.aborted) return
      // Where it was before: the gateway takes the dead one at that address for gone, before its lease is over.
      child = await start(new URL(url).port).catch((error) => endedChild(url, error))
      // Closed while it was starting: nobody else would end it.
      if (stop.signal.aborted) await child.end()
    }
  }

  return {
    url,
    async close() {
      stop.abort()
      await child.end()
      await kept
    },
  }
}

type Child = { url: string /** How it ended, for people. */; ended: Promise<string>; end(): Promise<void> }

/** A restart that failed is an ended child: it is tried again like one. */
function endedChild(url: string, error: unknown): Child {
  return { url, ended: Promise.resolve(String(error)), end: async () => undefined }
}

async function startChild(service: Service): Promise<Child> {
  const child = spawn(process.execPath, [fileURLToPath(service.main)], {
    env: service.env,
    // A session of its own: a Ctrl-C in the terminal reaches the launcher alone, which ends its children in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const ended = once(child, 'close').then(([status, signal]) => {
    process.removeListener('exit', killWithUs)
    return signal ?? `status ${status}`
  })
  const complaint = keepComplaint(child)
  const url = await Promise.race([listening(child), ended.then(() => null)])
  if (url === null) throw failedStart(service.name, complaint())
  return { url, ended, end: () => endChild(child, ended) }
}

/** What the service says before it listens is the reason why it does not; what it says later goes to the terminal. */
function keepComplaint(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk).slice(-10_000)
  })
  child.once('message', () => {
    if (text) process.stderr.write(text)
    child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  })
  return () => text
}

/** A service that knows why it cannot start says so in one line under its name (foundation/service.ts). */
function failedStart(name: string, complaint: string): Error {
  const line = complaint.split('\n').find((candidate) => candidate.startsWith(`${name}: `))
  return line ? new StartError(line) : new Error(`${name} has ended before it listened:\n${complaint}`)
}

/** The address it tells over the pipe (foundation/service.ts). */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && message !== null && 'listening' in message)
        resolve(String(message.listening))
    })
  })
}

async function endChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), closesWithinMs)
  await ended
  clearTimeout(impatience)
}
