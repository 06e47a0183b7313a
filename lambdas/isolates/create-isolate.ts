import { setImmediate as nextTask } from 'node:timers/promises'
import ivm from 'isolated-vm'
import { TrellisError } from '../../foundation/errors.ts'
import { loadPlugin, type Plugin } from './load-plugin.ts'
import type { IsolateLimits } from './messages.ts'
import { watchTurn } from './watch-turn.ts'

/**
 * One release of one client's plugin, in a JavaScript engine of its own. An engine that has met a limit is gone, and the
 * next call gets a new one.
 *
 * Turns run one at a time: from entering the engine to its rest. A call that waits for the graph has no turn, so that
 * others go on meanwhile, among them the lambdas of this plugin that its own question may reach.
 */
export type PluginIsolate = {
  /** What the plugin declares: JSON text. */
  describe(port: CallPort): Promise<string>
  /** Runs a lambda, `Type.field`. JSON text in and out. */
  invoke(lambda: string, argument: string, port: CallPort): Promise<string>
  dispose(): void
}

/** What a call may do to the world outside. */
export type CallPort = {
  /** Rejects with what the lambda is to be told. */
  ask(request: string): Promise<string>
  log(line: string): void
}

type Engine = {
  isolate: ivm.Isolate
  plugin: Plugin | null
  /** Whose turn it is, or was last: where the engine is gone, who ended it. */
  turnOf: Call | null
}
type Call = CallPort & {
  engine: Engine
  cpuLeftMs: number
  asked: number
  logged: number
  /** Rejects when the call is given up. */
  givenUp: PromiseWithResolvers<never>
}
/** Enters the plugin: what it answers at last. */
type Enter = (plugin: Plugin, call: number) => Promise<unknown>

/** @param source the bundled plugin; its own code first runs at the first call, under that call's limits */
export function createIsolate(source: string, limits: IsolateLimits): PluginIsolate {
  const calls = new Map<number, Call>()
  let engine: Engine | null = null
  let turns: Promise<unknown> = Promise.resolve()
  let lastCall = 0

  function livingEngine(): Engine {
    if (engine && !engine.isolate.isDisposed) return engine
    const { memoryMb } = limits
    engine = {
      isolate: new ivm.Isolate({ memoryLimit: memoryMb, onCatastrophicError: abandonProcess }),
      plugin: null,
      turnOf: null,
    }
    return engine
  }

  /** One turn of this call, after those before it. A call whose turn breaks a limit is given up with that limit's code. */
  function takeTurn(call: Call, turn: () => Promise<unknown>): Promise<void> {
    const taken = turns.then(async () => {
      const { engine } = call
      try {
        if (engine.isolate.isDisposed) throw new Error('The engine is gone.')
        engine.turnOf = call
        call.cpuLeftMs -= await watchTurn(engine.isolate, turn, call.cpuLeftMs)
      } catch (error) {
        call.givenUp.reject(lambdaError(error, call))
      }
    })
    turns = taken
    return taken
  }

  /** Comes back when the engine has done all that stands before it: the task in hand, and the promises of that task. */
  async function rest({ plugin }: Engine): Promise<void> {
    await nextTask()
    await plugin?.rest.apply(undefined, [])
  }

  async function answerAsk(id: unknown, request: unknown): Promise<string> {
    const call = calls.get(Number(id))
    if (!call) return unanswered
    call.asked += 1
    if (call.asked > limits.hostCalls) {
      call.givenUp.reject(tooManyQuestions(limits))
      return unanswered
    }
    const answer = await askFor(call, String(request))
    if (!calls.has(Number(id))) return unanswered
    // The answer goes in on a turn of its own: the engine may be busy with another call by now.
    const delivered = Promise.withResolvers<string>()
    void takeTurn(call, () => {
      delivered.resolve(answer)
      return rest(call.engine)
    })
    return delivered.promise
  }

  async function load(engine: Engine): Promise<Plugin> {
    const log = (id: unknown, text: unknown) => keepLog(calls.get(Number(id)), String(text), limits)
    engine.plugin ??= await loadPlugin(engine.isolate, source, { ask: answerAsk, log, limits })
    return engine.plugin
  }

  async function run(port: CallPort, enter: Enter): Promise<string> {
    await turns
    const engine = livingEngine()
    const cpuLeftMs = limits.cpuMs + (engine.plugin ? 0 : limits.loadCpuMs)
    const call: Call = { ...port, engine, cpuLeftMs, asked: 0, logged: 0, givenUp: Promise.withResolvers() }
    call.givenUp.promise.catch(() => undefined)
    const id = ++lastCall
    calls.set(id, call)
    const timer = setTimeout(() => call.givenUp.reject(tooLong(limits)), limits.wallMs)
    const answered = Promise.withResolvers<unknown>()
    answered.promise.catch(() => undefined)
    try {
      void takeTurn(call, async () => {
        const plugin = await load(engine)
        enter(plugin, id).then(answered.resolve, answered.reject)
        await rest(engine)
      })
      const value = await Promise.race([answered.promise, call.givenUp.promise])
      if (typeof value !== 'string' || value.length > limits.payloadChars) throw tooLarge(limits)
      return value
    } catch (error) {
      // A turn that broke a limit knows better than the promise that died with the engine, and may be told later.
      if (engine.isolate.isDisposed) await Promise.race([call.givenUp.promise, turns])
      throw lambdaError(error, call)
    } finally {
      clearTimeout(timer)
      calls.delete(id)
    }
  }

  return {
    describe: (port) =>
      run(port, async ({ describe }) => describe.apply(undefined, [], { result: { copy: true } })),
    invoke: (lambda, argument, port) =>
      run(port, async ({ invoke }, id) =>
        invoke.apply(undefined, [id, lambda, argument], { result: { promise: true, copy: true } }),
      ),
    dispose() {
      if (engine && !engine.isolate.isDisposed) engine.isolate.dispose()
    },
  }
}

/** What a call that has ended hears: nothing, so that what is left of it goes no further. */
const unanswered = new Promise<string>(() => undefined)

/** Never rejects: a promise that does, crossing from an engine that is just being given up, would end this process. */
function askFor(call: Call, request: string): Promise<string> {
  return call.ask(request).then(
    (answer) => JSON.stringify({ answer }),
    (error) => JSON.stringify({ refused: error instanceof Error ? error.message : String(error) }),
  )
}

function keepLog(call: Call | undefined, line: string, limits: IsolateLimits): void {
  if (!call || call.logged >= limits.logChars) return
  const kept = line.slice(0, limits.logChars - call.logged)
  call.logged += kept.length
  call.log(kept)
}

function tooLarge(limits: IsolateLimits): TrellisError {
  return new TrellisError(
    'LAMBDA_RESULT_TOO_LARGE',
    `A lambda returns at most ${limits.payloadChars} characters of JSON.`,
  )
}

function tooManyQuestions(limits: IsolateLimits): TrellisError {
  return new TrellisError(
    'LAMBDA_HOST_CALLS_EXCEEDED',
    `One call may ask the platform ${limits.hostCalls} times.`,
  )
}

function tooLong(limits: IsolateLimits): TrellisError {
  return new TrellisError('LAMBDA_TIMEOUT', `A lambda has ${limits.wallMs} ms to answer.`)
}

/**
 * The author's own errors are theirs. An engine that is gone, and not by the watch of a turn, ran out of memory: that is
 * for the call whose turn it was, while the others in it were lost by no fault of their own.
 */
function lambdaError(error: unknown, call: Call): TrellisError {
  if (error instanceof TrellisError) return error
  const { isolate, turnOf } = call.engine
  if (!isolate.isDisposed) {
    const message = error instanceof Error ? error.message : String(error)
    return new TrellisError('LAMBDA_FAILED', message.slice(0, 1000))
  }
  return turnOf === call
    ? new TrellisError('LAMBDA_MEMORY_EXCEEDED', 'The lambda used more memory than it may.')
    : new TrellisError('LAMBDA_UNAVAILABLE', 'Another call ended the isolate.')
}

/** The engine has lost control of an isolate: nothing in this process can be trusted to go on. The host starts another. */
function abandonProcess(): void {
  process.abort()
}
