import type { TrellisError } from '../../../foundation/errors.ts'
import { placeOfError } from '../bundle-places.ts'
import type { Redaction } from '../ctx/redaction.ts'
import type { LambdaOutcome, OnCrossing } from '../run-lambdas.ts'
import type { LogLevel, NewLine, PluginLog } from './plugin-log.ts'

/** `console.log` is information like another. */
const levels: ReadonlyMap<string, LogLevel> = new Map([
  ['debug', 'debug'],
  ['info', 'info'],
  ['log', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
])
const lineFormat = /^(?<level>[a-z]+): (?<line>.*)$/s
const failuresLogged = 5
const lambdaChars = 300

/** Writes down what the lambdas of a crossing logged and, as errors, how they failed; without the secrets in it. */
export function createLogCrossing(pluginLog: PluginLog, { redact }: Redaction): OnCrossing {
  return ({ client, bundle }, { calls, outcomes, logs }) => {
    // Which of several lambdas that crossed together wrote a line, it does not say.
    const lambda = [...new Set(calls.map((call) => call.lambda))].join(', ').slice(0, lambdaChars)
    const written = logs.map((text) => ({ lambda, ...readLine(text) }))
    const lines = [...written, ...failuresOf(outcomes, calls, bundle)]
    if (lines.length === 0) return
    pluginLog.write(
      client,
      lines.map((one) => ({ ...one, line: redact(client, one.line) })),
    )
  }
}

/** Written by the prelude, and yet by whoever is inside of the isolate. */
function readLine(text: string): Pick<NewLine, 'level' | 'line'> {
  const { level = '', line = text } = lineFormat.exec(text)?.groups ?? {}
  return { level: levels.get(level) ?? 'info', line }
}

function failuresOf(
  outcomes: readonly LambdaOutcome[],
  calls: readonly { lambda: string }[],
  bundle: string,
): NewLine[] {
  return outcomes
    .flatMap((outcome, index) => {
      const failed = [outcome].flat().find((one) => 'error' in one)
      const lambda = calls[index]?.lambda ?? ''
      return failed ? [{ lambda, level: 'error' as const, line: lineOf(failed.error, bundle) }] : []
    })
    .slice(0, failuresLogged)
}

function lineOf(error: TrellisError, bundle: string): string {
  const place = placeOfError(bundle, error)
  return `${error.code}: ${error.message}${place ? ` (${place.file}:${place.line})` : ''}`
}
