import { Socket } from 'node:net'
import { TrellisError } from '../../foundation/errors.ts'
import { thrown } from './call-errors.ts'
import { type ClientTurns, createClientTurns, type Turn } from './client-turns.ts'
import { type CallPort, createIsolate } from './create-isolate.ts'
import { openFrames } from './frames.ts'
import type { IsolateLimits } from './isolate-limits.ts'
import { keepIsolates } from './kept-isolates.ts'
import { LambdaFailure } from './lambda-failure.ts'
import type { CallFacts, FromIsolates, ToIsolates } from './messages.ts'
import type { IsolateProcessSettings } from './process-settings.ts'
import { openTurnRecord } from './turn-record.ts'

/**
 * A process where plugin code runs. It has a pipe to its host (descriptor 3), a file for its turn record (4), and nothing
 * else: no environment, no file system, and no network where the platform can take it away. It ends with its host, and
 * the host replaces it when it dies.
 */

const memoryWatchMs = 50

const settings: IsolateProcessSettings = JSON.parse(process.argv[2] ?? '')
const record = openTurnRecord(4)
const isolates = keepIsolates(settings)
const limitsOf = new Map<string, IsolateLimits>()
const turnsOf = new Map<string, ClientTurns>()
const asked = new Map<string, PromiseWithResolvers<string>>()
const run = settings.oneAtATime ? inLine() : (turn: Turn) => turn()
const pipe = new Socket({ fd: 3 })
const { send } = openFrames<FromIsolates, ToIsolates>(pipe, receive)

function load({ isolate, client, limits, text }: ToIsolates & { kind: 'load' }): void {
  limitsOf.set(client, limits)
  const cpuMsPerSecond = () => limitsOf.get(client)?.cpuMsPerSecond ?? 0
  const turns = turnsOf.get(client) ?? createClientTurns(cpuMsPerSecond, run)
  turnsOf.set(client, turns)
  const surroundings = {
    limits,
    turns,
    beginTurn: () => record.begin(client),
    onStuck: () => send({ kind: 'stuck', client, text: '' }),
    onCatastrophe: endNow,
  }
  isolates.add(isolate, client, createIsolate(text, surroundings))
}

/** Turns one after another, whoever's they are. */
function inLine() {
  let last = Promise.resolve(0)
  return (turn: Turn) => {
    last = last.then(turn)
    return last
  }
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1024 / 1024
}

/** Without a core dump of what may be gigabytes. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** One conversation with the host: its answer or its failure, with what the lambda logged on the way. */
async function converse({ call, isolate: name, lambdas, wallMs, text }: ToIsolates & { kind: 'call' }) {
  const kept = isolates.use(name)
  if (!kept) return send({ kind: 'unloaded', call, text: '' })
  const { isolate } = kept
  const logs: string[] = []
  const questions = openQuestions(call)
  let cpuMs = 0
  const port: CallPort = {
    ask: questions.ask,
    log: (line) => logs.push(line),
    used(ms) {
      cpuMs = ms
    },
  }
  const facts = (): CallFacts => ({ logs, cpuMs, memoryMb: isolate.memoryMb() })
  try {
    const answer = text === '' ? isolate.describe(port) : isolate.invoke(text, { lambdas, wallMs }, port)
    const value = await answer
    send({ kind: 'returned', call, facts: facts(), text: value })
  } catch (error) {
    const failure = error instanceof TrellisError ? error : thrown(error)
    const trace = failure instanceof LambdaFailure ? failure.trace : null
    send({ kind: 'failed', call, code: failure.code, trace, facts: facts(), text: failure.message })
  } finally {
    questions.forget()
    kept.done()
  }
}

/** What one call asks of the host. */
function openQuestions(call: number) {
  let last = 0
  const keyOf = (hostCall: number) => `${call}:${hostCall}`
  return {
    ask(request: string): Promise<string> {
      const hostCall = ++last
      const answer = Promise.withResolvers<string>()
      asked.set(keyOf(hostCall), answer)
      send({ kind: 'ask', call, hostCall, text: request })
      return answer.promise
    },
    forget() {
      for (let hostCall = 1; hostCall <= last; hostCall++) asked.delete(keyOf(hostCall))
    },
  }
}

function receive(message: ToIsolates): void {
  switch (message.kind) {
    case 'load':
      return void load(message)
    case 'call':
      return void converse(message)
    case 'answer': {
      const waiting = asked.get(`${message.call}:${message.hostCall}`)
      if (message.ok) waiting?.resolve(message.text)
      else waiting?.reject(new Error(message.text))
      return
    }
    case 'ping':
      return void send({ kind: 'pong', residentMb: residentMb(), isolates: isolates.count(), text: '' })
    case 'drop':
      return void isolates.drop(message.isolate)
    default:
      message satisfies never
  }
}

setInterval(() => {
  if (residentMb() > settings.residentMb) endNow()
}, memoryWatchMs).unref()
pipe.once('close', () => process.exit(0))
pipe.on('error', () => process.exit(1))
// Ctrl-C reaches the whole group: the host ends first, and this process with it.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
