import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { defaultLimits, type FromIsolates, type ToIsolates } from '../isolates/messages.ts'
import type { CallFacts } from './call-facts.ts'

/** The answer to what an isolate asks in the course of a call, as it is handed in: text that says itself if it is a refusal. */
export type Ask = (request: string) => Promise<string>

export type LambdaCall = {
  /** Names the isolate: client and digest of the build. */
  isolate: string
  /** The bundle, for a process that does not have it yet. */
  source: string
  /** `Type.field`; null asks what the plugin declares. */
  lambda: string | null
  argument: string
  /** What is known of the call inside the isolate: the rest of the crossing. */
  facts: CallFacts | null
  /** A read is repeated once when the process dies under it; a write is not. */
  repeatable: boolean
  ask: Ask
}

export type IsolateProcess = {
  /** @throws {TrellisError} LAMBDA_… */
  call(call: LambdaCall): Promise<string>
  drop(isolate: string): void
  close: Close
}

type Pending = { call: LambdaCall; answer: PromiseWithResolvers<string> }
type Running = { child: ChildProcess; loaded: Set<string>; pending: Map<number, Pending> }

const main = fileURLToPath(new URL('../isolates/main.ts', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const readable = ['foundation', 'lambdas/isolates', 'node_modules', 'package.json'].map(
  // Permissions are of real paths, and node_modules may be a link.
  (path) => `--allow-fs-read=${realpathSync(root + path)}`,
)
const pingEveryMs = 1_000
const silentForMs = 5_000
const nodeArguments = [
  '--no-node-snapshot',
  '--permission',
  '--allow-addons',
  ...readable,
  '--allow-fs-read=/etc/alpine-release', // by it, isolated-vm's loader tells which of its binaries fits
  '--disable-warning=SecurityWarning',
  main,
]
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path))

/** The process of the isolates, started with the first call and started again when it has died. */
export function openIsolateProcess(log: Log): IsolateProcess {
  let running: Running | null = null
  let nextCall = 0
  let closing = false

  function start(): Running {
    const child = spawnWithoutNetwork(log)
    const started: Running = { child, loaded: new Set(), pending: new Map() }
    child.on('message', (message: FromIsolates) => receive(started, message))
    child.on('error', (error) => log.error({ err: error }, 'the process of the isolates failed'))
    const stopWatching = watchLife(child, log)
    child.once('exit', (code, signal) => {
      stopWatching()
      if (running === started) running = null
      if (!closing)
        log.warn({ code, signal, calls: started.pending.size }, 'the process of the isolates has ended')
      for (const { answer } of started.pending.values()) answer.reject(new ProcessDied())
    })
    return started
  }

  function receive({ child, pending }: Running, message: FromIsolates): void {
    if (message.kind === 'pong') return
    const waiting = pending.get(message.call)
    if (!waiting) return
    if (message.kind === 'ask') return void answerAsk(child, waiting.call.ask, message)
    pending.delete(message.call)
    const { isolate, lambda } = waiting.call
    for (const line of message.logs) log.info({ isolate, lambda, line }, 'lambda log')
    if (message.kind === 'returned') waiting.answer.resolve(message.value)
    else waiting.answer.reject(new TrellisError(message.code, message.message))
  }

  async function attempt(call: LambdaCall): Promise<string> {
    running ??= start()
    const { child, loaded, pending } = running
    const id = ++nextCall
    const answer = Promise.withResolvers<string>()
    pending.set(id, { call, answer })
    const { isolate, source, lambda, argument } = call
    if (!loaded.has(isolate)) {
      loaded.add(isolate)
      post(child, { kind: 'load', isolate, source, limits: defaultLimits })
    }
    post(child, { kind: 'call', call: id, isolate, lambda, argument })
    return answer.promise
  }

  return {
    async call(call) {
      try {
        return await attempt(call)
      } catch (error) {
        if (call.repeatable && !closing && isLost(error)) return attempt(call).catch(asUnavailable)
        return asUnavailable(error)
      }
    },
    drop(isolate) {
      if (running?.loaded.delete(isolate)) post(running.child, { kind: 'drop', isolate })
    },
    async close() {
      closing = true
      const child = running?.child
      if (!child || child.exitCode !== null) return
      const { promise, resolve } = Promise.withResolvers<void>()
      child.once('exit', () => resolve())
      child.disconnect()
      await promise
    },
  }
}

class ProcessDied extends Error {}

/** Ended by no fault of its own: with its process, or with an isolate that another call broke. */
function isLost(error: unknown): boolean {
  return (
    error instanceof ProcessDied || (error instanceof TrellisError && error.code === 'LAMBDA_UNAVAILABLE')
  )
}

function asUnavailable(error: unknown): never {
  if (!(error instanceof ProcessDied)) throw error
  throw new TrellisError('LAMBDA_UNAVAILABLE', 'The process that ran the lambda has ended.')
}

async function answerAsk(
  child: ChildProcess,
  ask: Ask,
  message: FromIsolates & { kind: 'ask' },
): Promise<void> {
  const { call, hostCall, request } = message
  const answer = await ask(request).then(
    (value) => ({ ok: true, value }),
    (error) => ({
      ok: false,
      value: error instanceof TrellisError ? error.message : 'The platform could not answer.',
    }),
  )
  post(child, { kind: 'answer', call, hostCall, ...answer })
}

/** A process that gives no sign of life is killed: its calls are settled by its exit, and the next call starts another. */
function watchLife(child: ChildProcess, log: Log): () => void {
  let silentSince: number | null = null
  const timer = setInterval(() => {
    if (silentSince !== null && Date.now() - silentSince > silentForMs) {
      log.error({ pid: child.pid }, 'the process of the isolates gives no sign of life: killed')
      child.kill('SIGKILL')
      return
    }
    silentSince ??= Date.now()
    post(child, { kind: 'ping' })
  }, pingEveryMs)
  child.on('message', () => {
    silentSince = null
  })
  return () => clearInterval(timer)
}

function post(child: ChildProcess, message: ToIsolates): void {
  // A pipe that breaks is followed by the exit of the process, which settles its calls.
  if (child.connected) child.send(message, () => undefined)
}

let networkless: string[] | undefined

/** An empty environment and a pipe; in a network namespace of its own where the system lets us make one. */
function spawnWithoutNetwork(log: Log): ChildProcess {
  networkless ??= findUnshare(log)
  const [command, ...args] = [...networkless, process.execPath, ...nodeArguments]
  return spawn(command ?? process.execPath, args, { env: {}, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** Root may make a network namespace; others only together with a user namespace, where the system allows that. */
function findUnshare(log: Log): string[] {
  const ways = unshare
    ? [
        [unshare, '--net'],
        [unshare, '--net', '--map-root-user'],
      ]
    : []
  const way = ways.find(
    ([command = '', ...args]) => spawnSync(command, [...args, process.execPath, '--version']).status === 0,
  )
  if (!way)
    log.warn(
      {},
      'this system cannot take the network away from the process of the isolates; its own sandbox is all there is',
    )
  return way ?? []
}
