import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import { silentLog } from '../../foundation/log.ts'
import { describePlugin } from '../host/create-build.ts'
import { defaultPool, openIsolatePool } from '../host/isolate-pool.ts'
import type { Ask } from '../host/isolate-process.ts'
import type { PluginDescription } from '../host/plugin-description.ts'
import { defaultLimits } from '../isolates/isolate-limits.ts'
import { LambdaFailure } from '../isolates/lambda-failure.ts'
import type { CallFacts } from '../isolates/messages.ts'

/** The platform's own process of isolates, for one call at a time. */
export type LocalIsolates = {
  /** What a bundled plugin says of itself. @throws {TrellisError} LAMBDA_… */
  describe(source: string): Promise<PluginDescription>
  /** `cpuMs`: milliseconds of CPU time, loading included the first time; 0 where its process died. */
  call(call: IsolateCall): Promise<{ answer: IsolateAnswer; logs: string[]; cpuMs: number }>
  close: Close
}

export type IsolateCall = {
  /** Names the isolate; the same name is always the same source. */
  isolate: string
  source: string
  lambda: string
  /** What crosses into the isolate: JSON. */
  text: string
  ask: Ask
}

/** `trace` of an author's own error: where it was thrown. */
export type IsolateAnswer = { text: string } | { code: string; message: string; trace: string }

export function openLocalIsolates(): LocalIsolates {
  const isolates = openIsolatePool({ ...defaultPool, shared: 1, apart: 1, log: silentLog })
  const limits = defaultLimits
  return {
    describe: (source) => describePlugin(isolates, { client, digest: 'build', source, limits }),
    async call({ lambda, ...call }) {
      let known: Pick<CallFacts, 'logs' | 'cpuMs'> = { logs: [], cpuMs: 0 }
      const learn = (facts: CallFacts) => {
        known = facts
      }
      const wallMs = lambda.startsWith('on:') ? limits.handlerWallMs : limits.wallMs
      const crossing = { ...call, client, limits, lambdas: 1, wallMs, learn }
      const answer = await isolates.call(crossing, false).then((text) => ({ text }), asFailure)
      return { answer, logs: known.logs, cpuMs: known.cpuMs }
    },
    close: isolates.close,
  }
}

function asFailure(error: unknown): IsolateAnswer {
  if (!(error instanceof TrellisError)) throw error
  return {
    code: error.code,
    message: error.message,
    trace: error instanceof LambdaFailure ? error.trace : '',
  }
}

const client = 'local'
