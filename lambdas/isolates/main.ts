import { TrellisError } from '../../foundation/errors.ts'
import { type CallPort, createIsolate, type PluginIsolate } from './create-isolate.ts'
import { defaultLimits, type FromIsolates, type IsolateLimits, type ToIsolates } from './messages.ts'

/**
 * The process where plugin code runs. It has a pipe to its host and nothing else: no environment, no file system, and
 * no network where the platform can take it away. It ends with its host, and the host replaces it when it dies.
 */

type Release = { limits: IsolateLimits; isolate: PluginIsolate }

const releases = new Map<string, Release>()
const asked = new Map<string, PromiseWithResolvers<string>>()

function send(message: FromIsolates): void {
  process.send?.(message)
}

function isolateOf(name: string): PluginIsolate {
  const release = releases.get(name)
  if (!release) throw new TrellisError('LAMBDA_UNAVAILABLE', 'The release is not loaded.')
  return release.isolate
}

/** One conversation with the host: its answer or its failure, with what the lambda logged on the way. */
async function converse(
  call: number,
  limits: IsolateLimits,
  work: (port: CallPort) => Promise<string>,
): Promise<void> {
  const logs: string[] = []
  let hostCalls = 0
  const mine = new Set<string>()
  const port: CallPort = {
    log: (line) => logs.push(line),
    ask(request) {
      if (request.length > limits.payloadChars)
        return Promise.reject(
          new Error(`A question to the graph has at most ${limits.payloadChars} characters.`),
        )
      const hostCall = ++hostCalls
      const answer = Promise.withResolvers<string>()
      const key = `${call}:${hostCall}`
      asked.set(key, answer)
      mine.add(key)
      send({ kind: 'ask', call, hostCall, request })
      return answer.promise
    },
  }
  try {
    send({ kind: 'returned', call, value: await work(port), logs })
  } catch (error) {
    const { code, message } =
      error instanceof TrellisError ? error : new TrellisError('LAMBDA_FAILED', String(error))
    send({ kind: 'failed', call, code, message, logs })
  } finally {
    for (const key of mine) asked.delete(key)
  }
}

function receive(message: ToIsolates): void {
  switch (message.kind) {
    case 'load': {
      releases.get(message.isolate)?.isolate.dispose()
      const { source, limits } = message
      releases.set(message.isolate, { limits, isolate: createIsolate(source, limits) })
      return
    }
    case 'call': {
      const limits = releases.get(message.isolate)?.limits ?? defaultLimits
      const { call, isolate, lambda, argument } = message
      void converse(call, limits, async (port) =>
        lambda === null
          ? isolateOf(isolate).describe(port)
          : isolateOf(isolate).invoke(lambda, argument, port),
      )
      return
    }
    case 'answer': {
      const waiting = asked.get(`${message.call}:${message.hostCall}`)
      if (message.ok) waiting?.resolve(message.value)
      else waiting?.reject(new Error(message.value))
      return
    }
    case 'ping':
      send({ kind: 'pong' })
      return
    case 'drop':
      releases.get(message.isolate)?.isolate.dispose()
      releases.delete(message.isolate)
      return
    default:
      message satisfies never
  }
}

process.on('message', receive)
process.once('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group: the host ends first, and this process with it.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
