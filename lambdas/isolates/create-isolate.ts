import ivm from 'isolated-vm'
import { type ErrorCode, TrellisError } from '../../foundation/errors.ts'
import type { IsolateLimits } from './messages.ts'
import { prelude } from './prelude.ts'
import { watchCall } from './watch-call.ts'

/** One release of one client's plugin, in a JavaScript engine of its own. */
export type PluginIsolate = {
  /** What the plugin declares: JSON text. */
  describe(call: CallPort): Promise<string>
  /** Runs a lambda, after those before it: calls of one isolate run one at a time. JSON text in and out. */
  invoke(lambda: string, argument: string, call: CallPort): Promise<string>
  /** A broken isolate has met a limit and answers nothing more. */
  readonly broken: boolean
  dispose(): void
}

/** What a call in progress may do to the world outside. */
export type CallPort = {
  ask(request: string): Promise<string>
  log(line: string): void
}

type CurrentCall = CallPort & { asked: number; logged: number; breach?: TrellisError }
type Run = (plugin: LoadedPlugin) => Promise<unknown>
type LoadedPlugin = { describe: ivm.Reference; invoke: ivm.Reference }

/**
 * Makes the isolate; the plugin's own code runs at the first call, under that call's limits.
 *
 * @param source the bundled plugin
 */
export function createIsolate(source: string, limits: IsolateLimits): PluginIsolate {
  const isolate = new ivm.Isolate({ memoryLimit: limits.memoryMb, onCatastrophicError: abandonProcess })
  let queue: Promise<unknown> = Promise.resolve()
  let loaded: LoadedPlugin | undefined
  let current: CurrentCall | null = null

  const ask = async (request: string) => {
    if (!current) throw new Error('This call has ended.')
    current.asked += 1
    if (current.asked > limits.hostCalls) {
      // Kept aside: on its way through the isolate an error loses its code, and the plugin might catch it.
      current.breach = new TrellisError(
        'LAMBDA_HOST_CALLS_EXCEEDED',
        `One call may ask the platform ${limits.hostCalls} times.`,
      )
      throw current.breach
    }
    return await current.ask(String(request))
  }
  const log = (level: string, text: string) => {
    if (!current || current.logged >= limits.logChars) return
    const line = `${level}: ${text}`.slice(0, limits.logChars - current.logged)
    current.logged += line.length
    current.log(line)
  }

  async function load(): Promise<LoadedPlugin> {
    if (loaded) return loaded
    const context = await isolate.createContext()
    const ends = [new ivm.Reference(ask), new ivm.Callback(log, { ignored: true })]
    const inside: ivm.Reference = await context.evalClosure(prelude, ends, { result: { reference: true } })
    const script = await isolate.compileScript(source, { filename: 'plugin.js' })
    await script.run(context)
    const bundled = await context.global.get('__plugin', { reference: true })
    const end = (name: string): Promise<ivm.Reference> => inside.get(name, { reference: true })
    await (await end('adopt')).apply(undefined, [bundled.derefInto()])
    loaded = { describe: await end('describe'), invoke: await end('invoke') }
    return loaded
  }

  function run(port: CallPort, work: Run): Promise<string> {
    const result = queue.then(async () => {
      if (isolate.isDisposed) throw new TrellisError('LAMBDA_UNAVAILABLE', 'The isolate has just ended.')
      const inProgress: CurrentCall = { ...port, asked: 0, logged: 0 }
      current = inProgress
      const watch = watchCall(isolate, limits)
      try {
        const value = await Promise.race([load().then(work), watch.broken])
        if (inProgress.breach) throw inProgress.breach
        if (typeof value !== 'string' || value.length > limits.payloadChars) throw tooLarge(limits)
        return value
      } catch (error) {
        throw inProgress.breach ?? lambdaError(error, isolate)
      } finally {
        current = null
        watch.callEnded()
      }
    })
    queue = result.catch(() => undefined)
    return result
  }

  return {
    describe: (port) =>
      run(port, ({ describe }) => describe.apply(undefined, [], { result: { copy: true } })),
    invoke: (lambda, argument, port) =>
      run(port, ({ invoke }) =>
        invoke.apply(undefined, [lambda, argument], { result: { promise: true, copy: true } }),
      ),
    get broken() {
      return isolate.isDisposed
    },
    dispose() {
      if (!isolate.isDisposed) isolate.dispose()
    },
  }
}

function tooLarge(limits: IsolateLimits): TrellisError {
  return new TrellisError(
    'LAMBDA_RESULT_TOO_LARGE',
    `A lambda returns at most ${limits.payloadChars} characters of JSON.`,
  )
}

/** Errors of the plugin are its author's words; an isolate that is gone for no reason of the watch ran out of memory. */
function lambdaError(error: unknown, isolate: ivm.Isolate): TrellisError {
  if (error instanceof TrellisError) return error
  const code: ErrorCode = isolate.isDisposed ? 'LAMBDA_MEMORY_EXCEEDED' : 'LAMBDA_FAILED'
  const message = error instanceof Error ? error.message : String(error)
  return new TrellisError(
    code,
    code === 'LAMBDA_FAILED' ? message.slice(0, 1000) : 'The lambda used too much memory.',
  )
}

/** The engine has lost control of an isolate: nothing in this process can be trusted to go on. The host starts another. */
function abandonProcess(): void {
  process.abort()
}
