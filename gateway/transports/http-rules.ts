import { z } from 'zod'
import type { Close } from '../../foundation/closing.ts'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import type { SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { InProcessCalls } from '../../foundation/in-process-calls.ts'
import { createHttpClient } from './http-client.ts'
import { CallTimedOut } from './http-failures.ts'
import { readHttpTarget } from './http-target.ts'
import { type Instances, reachInstance } from './reach-instance.ts'
import type { RunRules } from './run-rules.ts'

/** `endpoint` is where the rules of one build are asked. */
export type RulesEndpoint = Instances & {
  /** Whom the gateway token is for. */
  audience: string
  sign: SignGatewayToken
  /** For a whole call, the last byte of the answer included. */
  timeoutMs: number
  /** Services of this process, asked without a connection. @default there are none */
  inProcess?: InProcessCalls | undefined
}

const maxResponseBytes = 16 * 1024 * 1024

/** Codes of authors are theirs; `client` beside it says so. */
const authorsCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/)
const outcomeSchema = z.union([
  z.object({ reject: z.object({ code: authorsCode, message: z.string().max(10_000) }) }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  z.object({ args: z.unknown() }),
])
const answerSchema = z.object({ outcomes: z.array(outcomeSchema) })
const refusalSchema = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).min(1),
})

/** The rules of one build of a plugin, asked of the lambda host: `{ calls }` answers `{ outcomes }`. */
export function createHttpRules(options: RulesEndpoint): { run: RunRules; close: Close } {
  const { audience, sign, timeoutMs, inProcess } = options
  const client = createHttpClient({ timeoutMs, connectTimeoutMs: timeoutMs, maxResponseBytes, inProcess })
  const run: RunRules = async (calls, { viewer, depth, traceparent }, signal) => {
    if (!viewer) throw unavailable()
    const authorization = `Bearer ${await sign({ viewer, depth }, audience)}`
    const headers = { 'content-type': 'application/json', authorization, ...(traceparent && { traceparent }) }
    const body = JSON.stringify({ calls })
    // A rule may keep something; where nobody can tell whether it ran, it does not run again.
    const isRepeatable = false
    const post = (url: string) =>
      client.post({ target: readHttpTarget(url), headers, body, repeatable: isRepeatable }, signal)
    const { text } = await reachInstance(options, post, { isRepeatable, signal }).catch((error) => {
      signal.throwIfAborted()
      if (error instanceof CallTimedOut)
        throw new TrellisError('LAMBDA_TIMEOUT', 'A rule did not answer in time.')
      throw unavailable(error)
    })
    return readOutcomes(text, calls.length)
  }
  return { run, close: client.close }
}

function readOutcomes(text: string, length: number) {
  const body = parseJson(text)
  const answer = answerSchema.safeParse(body)
  if (answer.success && answer.data.outcomes.length === length) return answer.data.outcomes
  const [refusal] = refusalSchema.safeParse(body).data?.errors ?? []
  if (refusal && isLambdaCode(refusal.extensions.code))
    throw new TrellisError(refusal.extensions.code, refusal.message)
  throw answer.success || hasOutcomes(body)
    ? new TrellisError(
        'RULE_INVALID_RESULT',
        'A rule answered something that is no outcome; nothing was run.',
      )
    : unavailable()
}

function hasOutcomes(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'outcomes' in body
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

type LambdaCode = Extract<keyof typeof errorCatalogue, `LAMBDA_${string}`>

/** What else the host may say is between it and the gateway. */
function isLambdaCode(code: string): code is LambdaCode {
  return code.startsWith('LAMBDA_') && Object.hasOwn(errorCatalogue, code)
}

function unavailable(cause?: unknown): TrellisError {
  return new TrellisError('LAMBDA_UNAVAILABLE', 'The rules of this field cannot be asked; it was not run.', {
    originalError: cause instanceof Error ? cause : null,
  })
}
