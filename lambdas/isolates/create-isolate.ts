import { setImmediate as nextTask } from 'node:timers/promises'
import ivm from 'isolated-vm'
import { TrellisError } from '../../foundation/errors.ts'
import {
  endedByAnother,
  outOfMemory,
  overloaded,
  thrown,
  tooLarge,
  tooLong,
  tooManyQuestions,
} from './call-errors.ts'
import type { ClientTurns } from './client-turns.ts'
import type { IsolateLimits } from './isolate-limits.ts'
import { loadPlugin, type Plugin } from './load-plugin.ts'
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
  /** Runs the lambdas of a crossing. JSON text in and out. */
  invoke(crossing: string, size: CallSize, port: CallPort): Promise<string>
  /** Heap as it was last seen, megabytes; null where there is no engine. */
  memoryMb(): number | null
  dispose(): void
}

/** What a crossing may use: its lambdas share it. */
export type CallSize = { lambdas: number; wallMs: number }

/** What a call may do to the world outside. */
export type CallPort = {
  /** Rejects with what the lambda is to be told. */
  ask(request: string): Promise<string>
  log(line: string): void
  /** Told once, when the call is over: what it used, milliseconds of CPU time. */
  used(cpuMs: number): void
}

export type IsolateSurroundings = {
  limits: IsolateLimits
  /** Shared by all isolates of the client. */
  turns: ClientTurns
  /** Notes whose code runs, until the given function is called. */
  beginTurn(): () => void
  onStuck(): void
  /** The engine has lost control: nothing in this process can be trusted to go on. */
  onCatastrophe(): void
}

type Engine = {
  isolate: ivm.Isolate
  plugin: Plugin | null
  memoryMb: number
  measuredAt: number
  /** Whose turn it is, or was last: where the engine is gone, who ended it. */
  turnOf: Call | null
}
type Call = CallPort & {
  /** Null until its first turn. */
  engine: Engine | null
  lambdas: number
  cpuLeftMs: number
  /** Of the turns that are over, and of the one it has. */
  cpuMs: number
  turnCpuMs: (() => number) | null
  asked: number
  logged: number
  isOver: boolean
  /** Rejects when the call is given up. */
  givenUp: PromiseWithResolvers<never>
}
/** Enters the plugin: what it answers at last. */
type Enter = (plugin: Plugin, call: number) => Promise<unknown>

const measuredEveryMs = 100

/** @param source the bundled plugin; its own code first runs at the first call, under that call's limits */
export function createIsolate(source: string, surroundings: IsolateSurroundings): PluginIsolate {
  const { limits, turns, beginTurn, onStuck, onCatastrophe } = surroundings
  const calls = new Map<number, Call>()
  let engine: Engine | null = null
  let lastCall = 0

  function livingEngine(): Engine {
    if (engine && !engine.isolate.isDisposed) return engine
    const isolate = new ivm.Isolate({ memoryLimit: limits.memoryMb, onCatastrophicError: onCatastrophe })
    engine = { isolate, plugin: null, memoryMb: 0, measuredAt: 0, turnOf: null }
    return engine
  }

  /** One turn of this call, after those before it. A call whose turn breaks a limit is given up with that limit's code. */
  function takeTurn(call: Call, turn: (engine: Engine) => Promise<unknown>): void {
    turns.take(async () => {
      if (call.isOver) return 0
      const engine = call.engine ?? tryToEnter(call)
      if (!engine) return 0
      if (engine.isolate.isDisposed) {
        call.givenUp.reject(lambdaError(null, call))
        return 0
      }
      engine.turnOf = call
      const endTurn = beginTurn()
      const watched = { cpuLeftMs: () => call.cpuLeftMs, onStuck }
      const timed = (usedMs: () => number) => {
        call.turnCpuMs = usedMs
        return turn(engine)
      }
      const { cpuMs, failure } = await watchTurn(engine.isolate, timed, watched)
      // Looking waits for the engine: where that is busy against all odds, this is whose process it was.
      if (failure === null) measure(engine)
      endTurn()
      call.turnCpuMs = null
      call.cpuMs += cpuMs
      call.cpuLeftMs -= cpuMs
      if (failure !== null) call.givenUp.reject(lambdaError(failure, call))
      return cpuMs
    })
  }

  /** Null: there is no engine to be had, and the call has been given up. */
  function tryToEnter(call: Call): Engine | null {
    try {
      return enter(call)
    } catch (error) {
      call.givenUp.reject(thrown(error))
      return null
    }
  }

  function enter(call: Call): Engine {
    const engine = livingEngine()
    if (!engine.plugin) call.cpuLeftMs += limits.loadCpuMs
    call.engine = engine
    return engine
  }

  async function answerAsk(id: unknown, request: unknown): Promise<string> {
    const call = calls.get(Number(id))
    if (!call) return unanswered
    call.asked += 1
    // An empty question: one lambda of the crossing has asked too often. The sum is held besides.
    if (request === '' || call.asked > limits.hostCalls * call.lambdas) {
      call.givenUp.reject(tooManyQuestions(limits))
      return unanswered
    }
    const answer = await askFor(call, String(request), limits)
    if (call.isOver) return unanswered
    // The answer goes in on a turn of its own: the engine may be busy with another call by now.
    const delivered = Promise.withResolvers<string>()
    takeTurn(call, async (engine) => {
      delivered.resolve(answer)
      // It is on its way in when the promises of this task have run.
      await nextTask()
      await rest(engine)
    })
    return delivered.promise
  }

  async function load(engine: Engine): Promise<Plugin> {
    const log = (id: unknown, text: unknown) => keepLog(calls.get(Number(id)), String(text), limits)
    engine.plugin ??= await loadPlugin(engine.isolate, source, { ask: answerAsk, log, limits })
    return engine.plugin
  }

  async function run(port: CallPort, { lambdas, wallMs }: CallSize, enterPlugin: Enter): Promise<string> {
    if (turns.waiting() > limits.queuedCalls) throw overloaded()
    const call: Call = {
      ...port,
      engine: null,
      lambdas,
      cpuLeftMs: limits.cpuMs * lambdas,
      cpuMs: 0,
      turnCpuMs: null,
      asked: 0,
      logged: 0,
      isOver: false,
      givenUp: Promise.withResolvers(),
    }
    call.givenUp.promise.catch(() => undefined)
    const id = ++lastCall
    calls.set(id, call)
    const timer = setTimeout(() => {
      call.givenUp.reject(call.engine ? tooLong(wallMs) : overloaded())
      call.cpuLeftMs = 0 // Where it is busy even now, its turn ends, too.
    }, wallMs)
    const answered = Promise.withResolvers<unknown>()
    answered.promise.catch(() => undefined)
    try {
      takeTurn(call, async (engine) => {
        const plugin = engine.plugin ?? (await load(engine))
        enterPlugin(plugin, id).then(answered.resolve, answered.reject)
        await rest(engine)
      })
      const value = await Promise.race([answered.promise, call.givenUp.promise])
      if (typeof value !== 'string' || value.length > limits.payloadChars) throw tooLarge(limits)
      return value
    } catch (error) {
      // A turn that broke a limit knows better than the promise that died with the engine, and may be told later.
      if (call.engine?.isolate.isDisposed) await Promise.race([call.givenUp.promise, turns.underWay()])
      throw lambdaError(error, call)
    } finally {
      call.isOver = true
      call.used(call.cpuMs + (call.turnCpuMs?.() ?? 0))
      clearTimeout(timer)
      calls.delete(id)
    }
  }

  return {
    describe: (port) =>
      run(port, { lambdas: 1, wallMs: limits.wallMs }, async ({ describe }) =>
        describe.apply(undefined, [], { result: { copy: true } }),
      ),
    invoke: (crossing, size, port) =>
      run(port, size, async ({ invoke }, id) =>
        invoke.apply(undefined, [id, crossing], { result: { promise: true, copy: true } }),
      ),
    memoryMb: () => (engine && !engine.isolate.isDisposed ? engine.memoryMb : null),
    dispose() {
      if (engine && !engine.isolate.isDisposed) engine.isolate.dispose()
    },
  }
}

/** What a call that has ended hears: nothing, so that what is left of it goes no further. */
const unanswered = new Promise<string>(() => undefined)

/**
 * Comes back when the engine has done all that stands before it, and the promises of that. Sent at once, it costs nothing:
 * the engine's thread is about to wake up anyway.
 */
async function rest({ plugin }: Engine): Promise<void> {
  await plugin?.rest.apply(undefined, [])
}

/** To look at a heap costs as much as to enter it: not after every turn. */
function measure(engine: Engine): void {
  const now = performance.now()
  if (engine.isolate.isDisposed || now - engine.measuredAt < measuredEveryMs) return
  const { used_heap_size, externally_allocated_size } = engine.isolate.getHeapStatisticsSync()
  engine.memoryMb = (used_heap_size + externally_allocated_size) / 1024 / 1024
  engine.measuredAt = now
}

/** Never rejects: a promise that does, crossing from an engine that is just being given up, would end this process. */
async function askFor(call: Call, request: string, { payloadChars }: IsolateLimits): Promise<string> {
  try {
    if (request.length > payloadChars) throw new Error(`A question has at most ${payloadChars} characters.`)
    return JSON.stringify({ answer: await call.ask(request) })
  } catch (error) {
    return JSON.stringify({ refused: error instanceof Error ? error.message : String(error) })
  }
}

function keepLog(call: Call | undefined, line: string, limits: IsolateLimits): void {
  if (!call || call.logged >= limits.logChars) return
  const kept = line.slice(0, limits.logChars - call.logged)
  call.logged += kept.length
  call.log(kept)
}

/**
 * The author's own errors are theirs. An engine that is gone, and not by the watch of a turn, ran out of memory: that is
 * for the call whose turn it was, while the others in it were lost by no fault of their own.
 */
function lambdaError(error: unknown, call: Call): TrellisError {
  if (error instanceof TrellisError) return error
  const { engine } = call
  if (!engine?.isolate.isDisposed) return thrown(error)
  return engine.turnOf === call ? outOfMemory() : endedByAnother()
}
