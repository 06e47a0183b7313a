import type { Close } from '../../foundation/closing.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { type Ask, openIsolateProcess } from '../host/isolate-process.ts'

/** The platform's own process of isolates, for one call at a time. */
export type LocalIsolates = {
  /** What a bundled plugin says of itself: JSON text. @throws {TrellisError} LAMBDA_… */
  describe(source: string): Promise<string>
  call(call: IsolateCall): Promise<{ answer: IsolateAnswer; logs: string[] }>
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

export type IsolateAnswer = { text: string } | { code: string; message: string }

export function openLocalIsolates(): LocalIsolates {
  const lines: string[] = []
  const isolates = openIsolateProcess(keepLines(lines))
  const refuse: Ask = async () => JSON.stringify({ refused: 'A plugin that is being built cannot ask.' })
  return {
    describe: (source) =>
      isolates.call({
        isolate: 'build',
        source,
        lambda: null,
        argument: '',
        facts: null,
        repeatable: true,
        ask: refuse,
      }),
    async call({ text, ...call }) {
      lines.length = 0
      const answer = await isolates
        .call({ ...call, argument: text, facts: null, repeatable: false })
        .then((text) => ({ text }), asFailure)
      return { answer, logs: [...lines] }
    },
    close: isolates.close,
  }
}

function asFailure(error: unknown): IsolateAnswer {
  if (!(error instanceof TrellisError)) throw error
  return { code: error.code, message: error.message }
}

/** The host writes a lambda's lines into its log; here they are the author's to see. */
function keepLines(lines: string[]): Log {
  const keep = (fields: object) => {
    if ('line' in fields) lines.push(String(fields.line))
  }
  const quiet = () => undefined
  return { debug: quiet, info: keep, warn: quiet, error: quiet }
}
