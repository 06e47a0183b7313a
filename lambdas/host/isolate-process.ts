import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { type Frames, openFrames } from '../isolates/frames.ts'
import type { IsolateLimits } from '../isolates/isolate-limits.ts'
import { LambdaFailure } from '../isolates/lambda-failure.ts'
import type { CallFacts, FromIsolates, ToIsolates } from '../isolates/messages.ts'
import type { IsolateProcessSettings } from '../isolates/process-settings.ts'
import { readTurnRecord } from '../isolates/turn-record.ts'
import { scriptOf } from './bundle-places.ts'
import { spawnIsolates } from './spawn-isolates.ts'

/**
 * The answer to a question an isolate asks in the course of a call: JSON text. Throws what the lambda is to be told.
 * `ended`: nobody waits for it any more.
 */
export type Ask = (request: string, ended: AbortSignal) => Promise<string>

/** What goes into an isolate at once. */
export type Crossing = {
  client: string
  /** Names the isolate: client and digest of the build. */
  isolate: string
  /** The bundle, for a process that does not have it. */
  source: string
  limits: IsolateLimits
  /** How many lambdas it calls. */
  lambdas: number
  wallMs: number
  /** JSON; empty asks what the plugin declares. */
  text: string
  ask: Ask
  /** Told when the crossing is over, however it went, but not where its process died. */
  learn(facts: CallFacts): void
}

export type IsolateProcess = {
  /** @throws {TrellisError} LAMBDA_… @throws {ProcessDied} */
  call(crossing: Crossing): Promise<string>
  drop(isolate: string): void
  /** Takes no calls any more: ends when those under way are over, or after so many milliseconds. */
  retire(withinMs: number): void
  close: Close
}

export type IsolateProcessOptions = {
  settings: IsolateProcessSettings
  nice: number
  log: Log
  /** This client's code holds a thread that cannot be taken from it. */
  onStuck(client: string): void
  /** What it holds, every second. */
  onMemory(memory: { residentMb: number; isolates: number }): void
  /** It has ended by itself, while code of these clients was running. Before its calls are settled. */
  onEnd(clients: readonly string[]): void
}

export class ProcessDied extends Error {}

type Pending = { crossing: Crossing; answer: PromiseWithResolvers<string>; ended: AbortController }

/** One for all: an abort without a reason makes an error with a stack, each time. */
const callIsOver = new Error('The call is over.')

const pingEveryMs = 1_000
const silentForMs = 5_000

/** Starts one process of isolates. When it has ended, all its calls are rejected with `ProcessDied`. */
export function openIsolateProcess(options: IsolateProcessOptions): IsolateProcess {
  const { log, settings, nice, onStuck, onMemory, onEnd } = options
  const recordFd = openUnnamedFile()
  const child = spawnIsolates({ settings, recordFd, nice, log })
  const pending = new Map<number, Pending>()
  const loaded = new Map<string, IsolateLimits>()
  const ended = Promise.withResolvers<void>()
  let nextCall = 0
  let phase: 'serving' | 'retiring' | 'closing' | 'ended' = 'serving'
  let silentSince: number | null = null

  const pipe = child.stdio[3]
  if (!(pipe instanceof Socket)) throw new Error('A process of isolates has no pipe.')
  pipe.on('error', (error) => log.debug({ err: error }, 'the pipe to a process of isolates broke'))
  const { send }: Frames<ToIsolates> = openFrames<ToIsolates, FromIsolates>(pipe, receive)
  const watch = setInterval(watchLife, pingEveryMs)

  child.on('error', (error) => log.error({ err: error }, 'a process of isolates failed'))
  child.once('close', (code, signal) => {
    clearInterval(watch)
    // What is to end is ended in the middle of anybody's turn.
    const clients = phase === 'serving' ? readTurnRecord(readWhole(recordFd)) : []
    closeSync(recordFd)
    if (phase === 'serving')
      log.warn({ code, signal, clients, calls: pending.size }, 'a process of isolates has ended')
    phase = 'ended'
    onEnd(clients)
    for (const { answer, ended } of pending.values()) {
      ended.abort(callIsOver)
      answer.reject(new ProcessDied())
    }
    ended.resolve()
  })

  function receive(message: FromIsolates): void {
    silentSince = null
    switch (message.kind) {
      case 'pong':
        return void onMemory(message)
      case 'stuck':
        return void onStuck(message.client)
      case 'ask':
        return void answerAsk(message)
      case 'unloaded':
        return void sendAgain(message.call)
      case 'returned':
        return void take(message)?.answer.resolve(message.text)
      case 'failed':
        return void take(message)?.answer.reject(failureOf(message))
      default:
        message satisfies never
    }
  }

  function take({ call, facts }: { call: number; facts: CallFacts }): Pending | undefined {
    const one = pending.get(call)
    pending.delete(call)
    one?.ended.abort(callIsOver)
    one?.crossing.learn(facts)
    if (phase === 'retiring' && pending.size === 0) child.kill('SIGKILL')
    return one
  }

  async function answerAsk({ call, hostCall, text: request }: FromIsolates & { kind: 'ask' }): Promise<void> {
    const asker = pending.get(call)
    if (!asker) return
    const answer = await asker.crossing.ask(request, asker.ended.signal).then(
      (text) => ({ ok: true, text }),
      (error) => ({
        ok: false,
        text: error instanceof TrellisError ? error.message : 'The platform could not answer.',
      }),
    )
    send({ kind: 'answer', call, hostCall, ...answer })
  }

  /** It let the isolate go before the call was there, so that nothing has run. */
  function sendAgain(call: number): void {
    const one = pending.get(call)
    if (!one) return
    loaded.delete(one.crossing.isolate)
    post(call, one.crossing)
  }

  function post(call: number, { client, isolate, source, limits, lambdas, wallMs, text }: Crossing): void {
    if (loaded.get(isolate) !== limits) {
      loaded.set(isolate, limits)
      send({ kind: 'load', isolate, client, limits, text: scriptOf(source) })
    }
    send({ kind: 'call', call, isolate, lambdas, wallMs, text })
  }

  /** A process that gives no sign of life is killed: its calls are settled by its end. */
  function watchLife(): void {
    if (silentSince !== null && Date.now() - silentSince > silentForMs) {
      log.error({ pid: child.pid }, 'a process of isolates gives no sign of life: killed')
      child.kill('SIGKILL')
      return
    }
    silentSince ??= Date.now()
    send({ kind: 'ping', text: '' })
  }

  return {
    async call(crossing) {
      if (phase === 'ended') throw new ProcessDied()
      const answer = Promise.withResolvers<string>()
      const call = ++nextCall
      pending.set(call, { crossing, answer, ended: new AbortController() })
      post(call, crossing)
      return answer.promise
    },
    drop(isolate) {
      if (loaded.delete(isolate)) send({ kind: 'drop', isolate, text: '' })
    },
    retire(withinMs) {
      if (phase !== 'serving') return
      phase = 'retiring'
      if (pending.size === 0) child.kill('SIGKILL')
      else setTimeout(() => child.kill('SIGKILL'), withinMs).unref()
    },
    async close() {
      if (phase !== 'ended') phase = 'closing'
      pipe.destroy()
      // A thread that is stuck would keep it from ending by itself.
      child.kill('SIGKILL')
      await ended.promise
    },
  }
}

function failureOf({ code, text, trace }: FromIsolates & { kind: 'failed' }): TrellisError {
  return trace === null ? new TrellisError(code, text) : new LambdaFailure(text, trace)
}

/** A file that nobody else can find; it is gone with its last descriptor. */
function openUnnamedFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-isolates-'))
  try {
    return openSync(join(folder, 'turns'), 'w+', 0o600)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size)
  readSync(fd, bytes, 0, bytes.length, 0)
  return bytes
}
